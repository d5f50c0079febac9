"""No module needs, directly or through others, a module that needs it; imports inside functions count, those for types alone do not."""

import grimp
import pytest

from tests.architecture.source import FOLDERS


def circles(imports):
    """The circles of a graph given as {module: modules it imports}: Tarjan's strongly connected components of more than one module."""
    found, order, lowest, stack = [], {}, {}, []

    def visit(module):
        order[module] = lowest[module] = len(order)
        stack.append(module)
        for other in imports[module]:
            if other not in order:
                visit(other)
            if other in stack:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == order[module]:
            component = {stack.pop()}
            while module not in component:
                component.add(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    for module in imports:
        if module not in order:
            visit(module)
    return sorted(found)


@pytest.mark.parametrize(
    ("imports", "expected"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}, []),
        ({"a": {"b"}, "b": {"a"}, "c": {"a"}}, [["a", "b"]]),
        ({"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": {"e"}, "e": {"d"}}, [["a", "b", "c"], ["d", "e"]]),
    ],
)
def test_circles_are_found(imports, expected):
    assert circles(imports) == expected


def test_no_module_is_in_a_circle():
    graph = grimp.build_graph(*FOLDERS, exclude_type_checking_imports=True, cache_dir=None)
    assert circles({module: graph.find_modules_directly_imported_by(module) for module in sorted(graph.modules)}) == []

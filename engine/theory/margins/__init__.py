"""Linear separation: hard-margin SVM, the flow towards it and its limits, margins in other norms."""

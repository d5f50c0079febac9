"""The papers that the phenomena rest on, each once; a phenomenon names those it needs by their keys.

>>> [str(paper) for paper in papers("nakkiran2019")]
['Nakkiran 2019, More Data Can Hurt for Linear Regression: Sample-wise Double Descent, arXiv:1912.07242']
"""

from __future__ import annotations

from engine.contract.references import Reference

ICLR = "International Conference on Learning Representations"
ICML = "International Conference on Machine Learning"
NEURIPS = "Advances in Neural Information Processing Systems"
COLT = "Conference on Learning Theory"
AISTATS = "International Conference on Artificial Intelligence and Statistics"
UAI = "Conference on Uncertainty in Artificial Intelligence"
ALT = "International Conference on Algorithmic Learning Theory"


def papers(*keys: str) -> tuple[Reference, ...]:
    """Return papers by their keys, in this order.

    Raises:
        KeyError: there is none of that key.
    """
    return tuple(PAPERS[key] for key in keys)


def _paper(key: str, year: int, title: str, authors: str, **more: str) -> Reference:
    """A paper whose authors are separated by semicolons."""
    return Reference(key, title, tuple(authors.split("; ")), year, **more)


_ALL = (
    _paper(
        "candes2020", 2020,
        "The phase transition for the existence of the maximum likelihood estimate in high-dimensional logistic regression",
        "Emmanuel J. Candès; Pragya Sur",
        venue="The Annals of Statistics", arxiv="1804.09753",
    ),
    _paper(
        "sur2019", 2019, "A modern maximum-likelihood theory for high-dimensional logistic regression",
        "Pragya Sur; Emmanuel J. Candès",
        venue="Proceedings of the National Academy of Sciences", arxiv="1803.06964",
    ),
    _paper(
        "montanari2019", 2019,
        "The generalization error of max-margin linear classifiers: Benign overfitting and high dimensional asymptotics in the "
        "overparametrized regime",
        "Andrea Montanari; Feng Ruan; Youngtak Sohn; Jun Yan",
        arxiv="1911.01544",
    ),
    _paper(
        "deng2019", 2019, "A Model of Double Descent for High-dimensional Binary Linear Classification",
        "Zeyu Deng; Abla Kammoun; Christos Thrampoulidis",
        arxiv="1911.05822",
    ),
    _paper(
        "zhang2017", 2017, "Understanding deep learning requires rethinking generalization",
        "Chiyuan Zhang; Samy Bengio; Moritz Hardt; Benjamin Recht; Oriol Vinyals",
        venue=ICLR, arxiv="1611.03530",
    ),
    _paper(
        "greydanus2024", 2024, "Scaling Down Deep Learning with MNIST-1D",
        "Sam Greydanus; Dmitry Kobak",
        venue=ICML, arxiv="2011.14439",
    ),
    _paper(
        "dziugaite2017", 2017,
        "Computing Nonvacuous Generalization Bounds for Deep (Stochastic) Neural Networks with Many More Parameters than Training Data",
        "Gintare Karolina Dziugaite; Daniel M. Roy",
        venue=UAI, arxiv="1703.11008",
    ),
    _paper(
        "nagarajan2019", 2019, "Uniform convergence may be unable to explain generalization in deep learning",
        "Vaishnavh Nagarajan; J. Zico Kolter",
        venue=NEURIPS, arxiv="1902.04742",
    ),
    _paper(
        "bartlett2017", 2017, "Spectrally-normalized margin bounds for neural networks",
        "Peter L. Bartlett; Dylan J. Foster; Matus Telgarsky",
        venue=NEURIPS, arxiv="1706.08498",
    ),
    _paper(
        "neyshabur2018", 2018, "A PAC-Bayesian Approach to Spectrally-Normalized Margin Bounds for Neural Networks",
        "Behnam Neyshabur; Srinadh Bhojanapalli; Nathan Srebro",
        venue=ICLR, arxiv="1707.09564",
    ),
    _paper(
        "golowich2018", 2018, "Size-Independent Sample Complexity of Neural Networks",
        "Noah Golowich; Alexander Rakhlin; Ohad Shamir",
        venue=COLT, arxiv="1712.06541",
    ),
    _paper(
        "perezortiz2021", 2021, "Tighter Risk Certificates for Neural Networks",
        "María Pérez-Ortiz; Omar Rivasplata; John Shawe-Taylor; Csaba Szepesvári",
        journal="Journal of Machine Learning Research", volume="22", arxiv="2007.12911",
    ),
    _paper(
        "lotfi2022", 2022, "PAC-Bayes Compression Bounds So Tight That They Can Explain Generalization",
        "Sanae Lotfi; Marc Finzi; Sanyam Kapoor; Andres Potapczynski; Micah Goldblum; Andrew Gordon Wilson",
        venue=NEURIPS, arxiv="2211.13609",
    ),
    _paper(
        "belkin2019", 2019, "Reconciling modern machine-learning practice and the classical bias-variance trade-off",
        "Mikhail Belkin; Daniel Hsu; Siyuan Ma; Soumik Mandal",
        journal="Proceedings of the National Academy of Sciences", volume="116", pages="15849-15854",
        arxiv="1812.11118", doi="10.1073/pnas.1903070116",
    ),
    _paper(
        "belkin2020", 2020, "Two Models of Double Descent for Weak Features",
        "Mikhail Belkin; Daniel Hsu; Ji Xu",
        journal="SIAM Journal on Mathematics of Data Science", volume="2", pages="1167-1180", arxiv="1903.07571", doi="10.1137/20M1336072",
    ),
    _paper(
        "hastie2022", 2022, "Surprises in high-dimensional ridgeless least squares interpolation",
        "Trevor Hastie; Andrea Montanari; Saharon Rosset; Ryan J. Tibshirani",
        journal="The Annals of Statistics", volume="50", pages="949-986", arxiv="1903.08560", doi="10.1214/21-AOS2133",
    ),
    _paper(
        "mei2022", 2022, "The Generalization Error of Random Features Regression: Precise Asymptotics and the Double Descent Curve",
        "Song Mei; Andrea Montanari",
        journal="Communications on Pure and Applied Mathematics", volume="75", pages="667-766", arxiv="1908.05355", doi="10.1002/cpa.22008",
    ),
    _paper(
        "simon2024", 2024, "More is Better: when Infinite Overparameterization is Optimal and Overfitting is Obligatory",
        "James B. Simon; Dhruva Karkada; Nikhil Ghosh; Mikhail Belkin",
        venue=ICLR, arxiv="2311.14646",
    ),
    _paper(
        "nakkiran2021", 2021, "Optimal Regularization Can Mitigate Double Descent",
        "Preetum Nakkiran; Prayaag Venkat; Sham M. Kakade; Tengyu Ma",
        venue=ICLR, arxiv="2003.01897",
    ),
    _paper(
        "holzmuller2021", 2021, "On the Universality of the Double Descent Peak in Ridgeless Regression",
        "David Holzmüller",
        venue=ICLR, arxiv="2010.01851",
    ),
    _paper(
        "mourtada2022", 2022, "Exact minimax risk for linear least squares, and the lower tail of sample covariance matrices",
        "Jaouad Mourtada",
        journal="The Annals of Statistics", volume="50", pages="2157-2178", arxiv="1912.10754", doi="10.1214/22-AOS2181",
    ),
    _paper(
        "curth2023", 2023, "A U-turn on Double Descent: Rethinking Parameter Counting in Statistical Learning",
        "Alicia Curth; Alan Jeffares; Mihaela van der Schaar",
        venue=NEURIPS, arxiv="2310.18988",
    ),
    _paper(
        "marchenko1967", 1967, "Distribution of eigenvalues for some sets of random matrices",
        "V. A. Marchenko; L. A. Pastur",
        journal="Mathematics of the USSR-Sbornik", volume="1", pages="457-483", doi="10.1070/SM1967v001n04ABEH001994",
    ),
    _paper(
        "edelman1988", 1988, "Eigenvalues and Condition Numbers of Random Matrices",
        "Alan Edelman",
        journal="SIAM Journal on Matrix Analysis and Applications", volume="9", pages="543-560", doi="10.1137/0609045",
    ),
    _paper(
        "cover1965", 1965,
        "Geometrical and Statistical Properties of Systems of Linear Inequalities with Applications in Pattern Recognition",
        "Thomas M. Cover",
        journal="IEEE Transactions on Electronic Computers", volume="EC-14", pages="326-334", doi="10.1109/PGEC.1965.264137",
    ),
    _paper(
        "nakkiran2020", 2020, "Deep Double Descent: Where Bigger Models and More Data Hurt",
        "Preetum Nakkiran; Gal Kaplun; Yamini Bansal; Tristan Yang; Boaz Barak; Ilya Sutskever",
        venue=ICLR, arxiv="1912.02292",
    ),
    _paper(
        "heckel2021", 2021, "Early Stopping in Deep Networks: Double Descent and How to Eliminate it",
        "Reinhard Heckel; Fatih Furkan Yilmaz",
        venue=ICLR, arxiv="2007.10099",
    ),
    _paper(
        "nakkiran2019", 2019, "More Data Can Hurt for Linear Regression: Sample-wise Double Descent",
        "Preetum Nakkiran",
        arxiv="1912.07242",
    ),
    _paper(
        "papyan2020", 2020, "Prevalence of neural collapse during the terminal phase of deep learning training",
        "Vardan Papyan; X. Y. Han; David L. Donoho",
        journal="Proceedings of the National Academy of Sciences", volume="117", pages="24652-24663", arxiv="2008.08186",
    ),
    _paper(
        "zhu2021", 2021, "A Geometric Analysis of Neural Collapse with Unconstrained Features",
        "Zhihui Zhu; Tianyu Ding; Jinxin Zhou; Xiao Li; Chong You; Jeremias Sulam; Qing Qu",
        venue=NEURIPS, arxiv="2105.02375",
    ),
    _paper(
        "hui2022", 2022, "Limitations of Neural Collapse for Understanding Generalization in Deep Learning",
        "Like Hui; Mikhail Belkin; Preetum Nakkiran",
        arxiv="2202.08384",
    ),
    _paper(
        "cohen2021", 2021, "Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability",
        "Jeremy M. Cohen; Simran Kaur; Yuanzhi Li; J. Zico Kolter; Ameet Talwalkar",
        venue=ICLR, arxiv="2103.00065",
    ),
    _paper(
        "damian2023", 2023, "Self-Stabilization: The Implicit Bias of Gradient Descent at the Edge of Stability",
        "Alex Damian; Eshaan Nichani; Jason D. Lee",
        venue=ICLR, arxiv="2209.15594",
    ),
    _paper(
        "power2022", 2022, "Grokking: Generalization Beyond Overfitting on Small Algorithmic Datasets",
        "Alethea Power; Yuri Burda; Harri Edwards; Igor Babuschkin; Vedant Misra",
        arxiv="2201.02177",
    ),
    _paper(
        "gromov2023", 2023, "Grokking modular arithmetic",
        "Andrey Gromov",
        arxiv="2301.02679",
    ),
    _paper(
        "nanda2023", 2023, "Progress measures for grokking via mechanistic interpretability",
        "Neel Nanda; Lawrence Chan; Tom Lieberum; Jess Smith; Jacob Steinhardt",
        venue=ICLR, arxiv="2301.05217",
    ),
    _paper(
        "kumar2023", 2023, "Grokking as the Transition from Lazy to Rich Training Dynamics",
        "Tanishq Kumar; Blake Bordelon; Samuel J. Gershman; Cengiz Pehlevan",
        arxiv="2310.06110",
    ),
    _paper(
        "liu2023", 2023, "Omnigrok: Grokking Beyond Algorithmic Data",
        "Ziming Liu; Eric J. Michaud; Max Tegmark",
        venue=ICLR, arxiv="2210.01117",
    ),
    _paper(
        "lee2024", 2024, "Grokfast: Accelerated Grokking by Amplifying Slow Gradients",
        "Jaerin Lee; Bong Gyun Kang; Kihoon Kim; Kyoung Mu Lee",
        arxiv="2405.20233",
    ),
    _paper(
        "prieto2025", 2025, "Grokking at the Edge of Numerical Stability",
        "Lucas Prieto; Melih Barsbey; Pedro A. M. Mediano; Tolga Birdal",
        venue=ICLR, arxiv="2501.04697",
    ),
    _paper(
        "bartlett2020", 2020, "Benign overfitting in linear regression",
        "Peter L. Bartlett; Philip M. Long; Gábor Lugosi; Alexander Tsigler",
        journal="Proceedings of the National Academy of Sciences", volume="117", pages="30063-30070",
        arxiv="1906.11300", doi="10.1073/pnas.1907378117",
    ),
    _paper(
        "mallinar2022", 2022, "Benign, Tempered, or Catastrophic: Toward a Refined Taxonomy of Overfitting",
        "Neil Mallinar; James B. Simon; Amirhesam Abedsoltan; Parthe Pandit; Mikhail Belkin; Preetum Nakkiran",
        venue=NEURIPS, arxiv="2207.06569",
    ),
    _paper(
        "tsigler2023", 2023, "Benign overfitting in ridge regression",
        "Alexander Tsigler; Peter L. Bartlett",
        journal="Journal of Machine Learning Research", volume="24", arxiv="2009.14286",
    ),
    _paper(
        "muthukumar2020", 2020, "Harmless interpolation of noisy data in regression",
        "Vidya Muthukumar; Kailas Vodrahalli; Vignesh Subramanian; Anant Sahai",
        journal="IEEE Journal on Selected Areas in Information Theory", volume="1", pages="67-83",
        arxiv="1903.09139", doi="10.1109/JSAIT.2020.2984716",
    ),
    _paper(
        "muthukumar2021", 2021, "Classification vs regression in overparameterized regimes: Does the loss function matter?",
        "Vidya Muthukumar; Adhyyan Narang; Vignesh Subramanian; Mikhail Belkin; Daniel Hsu; Anant Sahai",
        journal="Journal of Machine Learning Research", volume="22", arxiv="2005.08054",
    ),
    _paper(
        "hsu2021", 2021, "On the proliferation of support vectors in high dimensions",
        "Daniel Hsu; Vidya Muthukumar; Ji Xu",
        venue=AISTATS, arxiv="2009.10670",
    ),
    _paper(
        "ardeshir2021", 2021, "Support vector machines and linear regression coincide with very high-dimensional features",
        "Navid Ardeshir; Clayton Sanford; Daniel Hsu",
        venue=NEURIPS, arxiv="2105.14084",
    ),
    _paper(
        "soudry2018", 2018, "The Implicit Bias of Gradient Descent on Separable Data",
        "Daniel Soudry; Elad Hoffer; Mor Shpigel Nacson; Suriya Gunasekar; Nathan Srebro",
        journal="Journal of Machine Learning Research", volume="19", arxiv="1710.10345",
    ),
    _paper(
        "gunasekar2018", 2018, "Characterizing Implicit Bias in Terms of Optimization Geometry",
        "Suriya Gunasekar; Jason D. Lee; Daniel Soudry; Nathan Srebro",
        venue=ICML, arxiv="1802.08246",
    ),
    _paper(
        "nacson2019", 2019, "Convergence of Gradient Descent on Separable Data",
        "Mor Shpigel Nacson; Jason D. Lee; Suriya Gunasekar; Pedro H. P. Savarese; Nathan Srebro; Daniel Soudry",
        venue=AISTATS, arxiv="1803.01905",
    ),
    _paper(
        "ji2021", 2021, "Characterizing the implicit bias via a primal-dual analysis",
        "Ziwei Ji; Matus Telgarsky",
        venue=ALT, arxiv="1906.04540",
    ),
    _paper(
        "lyu2020", 2020, "Gradient Descent Maximizes the Margin of Homogeneous Neural Networks",
        "Kaifeng Lyu; Jian Li",
        venue=ICLR, arxiv="1906.05890",
    ),
    _paper(
        "sun2022", 2022, "Mirror Descent Maximizes Generalized Margin and Can Be Implemented Efficiently",
        "Haoyuan Sun; Kwangjun Ahn; Christos Thrampoulidis; Navid Azizan",
        venue=NEURIPS, arxiv="2205.12808",
    ),
    _paper(
        "zhang2024", 2024, "The Implicit Bias of Adam on Separable Data",
        "Chenyang Zhang; Difan Zou; Yuan Cao",
        venue=NEURIPS, arxiv="2406.10650",
    ),
    _paper(
        "wilson2017", 2017, "The Marginal Value of Adaptive Gradient Methods in Machine Learning",
        "Ashia C. Wilson; Rebecca Roelofs; Mitchell Stern; Nathan Srebro; Benjamin Recht",
        venue=NEURIPS, arxiv="1705.08292",
    ),
    _paper(
        "woodworth2020", 2020, "Kernel and Rich Regimes in Overparametrized Models",
        "Blake Woodworth; Suriya Gunasekar; Jason D. Lee; Edward Moroshko; Pedro Savarese; Itay Golan; Daniel Soudry; Nathan Srebro",
        venue=COLT, arxiv="2002.09277",
    ),
    _paper(
        "arora2019", 2019, "Implicit Regularization in Deep Matrix Factorization",
        "Sanjeev Arora; Nadav Cohen; Wei Hu; Yuping Luo",
        venue=NEURIPS, arxiv="1905.13655",
    ),
    _paper(
        "haochen2021", 2021, "Shape Matters: Understanding the Implicit Bias of the Noise Covariance",
        "Jeff Z. HaoChen; Colin Wei; Jason D. Lee; Tengyu Ma",
        venue=COLT, arxiv="2006.08680",
    ),
    _paper(
        "blanc2020", 2020, "Implicit regularization for deep neural networks driven by an Ornstein-Uhlenbeck like process",
        "Guy Blanc; Neha Gupta; Gregory Valiant; Paul Valiant",
        venue=COLT, arxiv="1904.09080",
    ),
    _paper(
        "pesme2021", 2021, "Implicit Bias of SGD for Diagonal Linear Networks: a Provable Benefit of Stochasticity",
        "Scott Pesme; Loucas Pillaud-Vivien; Nicolas Flammarion",
        venue=NEURIPS, arxiv="2106.09524",
    ),
    _paper(
        "chen2021", 2021, "Multiple Descent: Design Your Own Generalization Curve",
        "Lin Chen; Yifei Min; Mikhail Belkin; Amin Karbasi",
        venue=NEURIPS, arxiv="2008.01036",
    ),
    _paper(
        "dascoli2020", 2020, "Triple descent and the two kinds of overfitting: Where & why do they appear?",
        "Stéphane d'Ascoli; Levent Sagun; Giulio Biroli",
        venue=NEURIPS, arxiv="2006.03509",
    ),
    _paper(
        "ali2019", 2019, "A Continuous-Time View of Early Stopping for Least Squares Regression",
        "Alnur Ali; J. Zico Kolter; Ryan J. Tibshirani",
        venue=AISTATS, arxiv="1810.10082",
    ),
    _paper(
        "chizat2019", 2019, "On Lazy Training in Differentiable Programming",
        "Lénaïc Chizat; Edouard Oyallon; Francis Bach",
        venue=NEURIPS, arxiv="1812.07956",
    ),
    _paper(
        "jacot2018", 2018, "Neural Tangent Kernel: Convergence and Generalization in Neural Networks",
        "Arthur Jacot; Franck Gabriel; Clément Hongler",
        venue=NEURIPS, arxiv="1806.07572",
    ),
)  # fmt: skip
PAPERS = {paper.key: paper for paper in _ALL}

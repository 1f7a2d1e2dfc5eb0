"""Lesson 01: the chain rule, forks, the gradient as a direction, finite differences."""

import sympy as sp

from .registry import Equation, register

x, y, z, p, q, h, t = sp.symbols("x y z p q h t", real=True)
PUBLISHED = {x: -3, y: 2, z: 5}


def _fork():
    """f = p q with p = x + y and q = x + z: x is used twice."""
    return (x + y) * (x + z)


@register(
    "x feeds both factors, so its two gradients add",
    lesson=1,
    posts=("E1",),
    left=r"\frac{\partial f}{\partial x}",
)
def fork_df_dx():
    product = p * q
    by_p, by_q = (sp.diff(product, by).subs({p: x + y, q: x + z}) for by in (p, q))
    return Equation.chain(
        (sp.Derivative(_fork(), x), "f written out"),
        # the inner derivatives wait: worked out at once, sympy would print 2x + y + z here already
        (by_p * sp.Derivative(x + y, x) + by_q * sp.Derivative(x + z, x), "one term a path"),
        (sp.Add(x + z, x + y, evaluate=False), "each inner derivative is 1: q and p are left"),
        (2 * x + y + z, "collected"),
        wrong={"overwritten, not added": x + y, "multiplied, not added": (x + y) * (x + z)},
    )


@register("y reaches f through p alone: its gradient is q", lesson=1, posts=("E1",))
def fork_df_dy():
    return Equation(sp.Derivative(_fork(), y), x + z, wrong={"own factor": x + y})


@register("z reaches f through q alone: its gradient is p", lesson=1, posts=("E1",))
def fork_df_dz():
    return Equation(sp.Derivative(_fork(), z), x + y, wrong={"own factor": x + z})


@register(
    "at (−3, 2, 5) the gradient of f is (1, 2, −1)",
    lesson=1,
    posts=("E1",),
    left=r"\nabla f(-3, 2, 5)",
)
def fork_published():
    gradient = sp.Matrix([sp.diff(_fork(), v) for v in (x, y, z)]).subs(PUBLISHED)
    return Equation(gradient, sp.Matrix([1, 2, -1]), wrong={"x overwritten": sp.Matrix([-1, 2, -1])})


@register("d/dx log x² = 2/x: the chain rule through u = x²", lesson=1, posts=("C3",))
def log_square():
    u = sp.Symbol("u", positive=True)
    return Equation.chain(
        (sp.Derivative(sp.log(x**2), x), "u = x²"),
        (sp.diff(sp.log(u), u).subs(u, x**2) * sp.Derivative(x**2, x), "1/u at u = x², times du/dx"),
        (sp.Mul(1 / x**2, 2 * x, evaluate=False), "du/dx = 2x"),
        (2 / x, "one x cancels"),
        assuming=(sp.Ne(x, 0),),
        wrong={"inner slope forgotten": 1 / x**2},
    )


@register("a chain of functions multiplies its slopes, each taken where it stands", lesson=1)
def chain_of_three():
    f, g, k = map(sp.Function, "fgk")
    inner = k(x)
    slope = sp.diff(f(t), t).subs(t, g(inner)) * sp.diff(g(t), t).subs(t, inner) * sp.diff(inner, x)
    wrong = sp.diff(f(t), t).subs(t, x) * sp.diff(g(t), t).subs(t, x) * sp.diff(inner, x)
    return Equation(sp.Derivative(f(g(inner)), x), slope, wrong={"all slopes taken at x": wrong})


@register("exp(sin x²) has slope exp(sin x²) · cos x² · 2x", lesson=1)
def chain_example():
    whole = sp.exp(sp.sin(x**2))
    return Equation(
        sp.Derivative(whole, x),
        whole * sp.cos(x**2) * 2 * x,
        wrong={"innermost slope forgotten": whole * sp.cos(x**2)},
    )


@register(
    "whatever the functions: a variable used twice collects one term a path",
    lesson=1,
    posts=("E1", "A4"),
)
def fork_adds():
    f, u, v = map(sp.Function, "fuv")
    a, b = sp.symbols("a b", real=True)
    at = {a: u(x), b: v(x)}
    first = sp.diff(f(a, b), a).subs(at) * sp.diff(u(x), x)
    second = sp.diff(f(a, b), b).subs(at) * sp.diff(v(x), x)
    return Equation(
        sp.Derivative(f(u(x), v(x)), x),
        first + second,
        wrong={"one path only": first, "multiplied": first * second},
    )


@register("at a product the incoming gradient is multiplied by the other factor", lesson=1)
def multiply_swaps():
    upstream = sp.Symbol("d", real=True)
    gradient = sp.Matrix([sp.diff(upstream * p * q, v) for v in (p, q)])
    return Equation(
        gradient,
        sp.Matrix([upstream * q, upstream * p]),
        wrong={"own factor": sp.Matrix([upstream * p, upstream * q])},
    )


def _bowl():
    w, step = sp.Matrix(sp.symbols("w1:3", real=True)), sp.Matrix(sp.symbols("Delta1:3", real=True))
    c1, c2, c3, c4, c5 = sp.symbols("c1:6", real=True)

    def loss(v):
        return c1 * v[0] ** 2 + c2 * v[0] * v[1] + c3 * v[1] ** 2 + c4 * v[0] + c5 * v[1]

    return loss, w, step


@register(
    "L(w + Δ) is L(w) + g·Δ plus a rest of second order in Δ",
    lesson=1,
    left=r"L(w+\Delta) - L(w)",
)
def linear_approximation():
    loss, w, step = _bowl()
    gradient = sp.Matrix([loss(w).diff(v) for v in w])
    rest = (step.T * sp.hessian(loss(w), list(w)) * step)[0] / 2
    return Equation(
        loss(w + step) - loss(w),
        gradient.dot(step) + rest,
        wrong={"no second order": gradient.dot(step), "rest doubled": gradient.dot(step) + 2 * rest},
    )


@register(
    "the slope of L along a direction Δ is g·Δ",
    lesson=1,
    left=r"\frac{d}{dt} L(w + t\Delta)\Big|_{t=0}",
)
def directional_slope():
    loss, (w1, w2), (d1, d2) = sp.Function("L"), sp.symbols("w1:3"), sp.symbols("Delta1:3")
    return Equation(
        sp.diff(loss(w1 + t * d1, w2 + t * d2), t).subs(t, 0).doit(),
        loss(w1, w2).diff(w1) * d1 + loss(w1, w2).diff(w2) * d2,
    )


@register(
    "a small step −ηg changes L at the rate −‖g‖²: downhill wherever g is not 0",
    lesson=1,
    left=r"\frac{d}{d\eta} L(w - \eta g)\Big|_{\eta=0}",
)
def downhill():
    loss, w, _ = _bowl()
    gradient = sp.Matrix([loss(w).diff(v) for v in w])
    eta = sp.Symbol("eta", real=True)
    return Equation(
        sp.diff(loss(w - eta * gradient), eta).subs(eta, 0),
        -gradient.dot(gradient),
        wrong={"uphill": gradient.dot(gradient)},
    )


def _quartic(v):
    coefficients = sp.symbols("c0:5", real=True)
    return sum(c * v**i for i, c in enumerate(coefficients))


@register(
    "(f(x+h) − f(x))/h errs by h f″/2 + h² f‴/6 + …: first order in h",
    lesson=1,
    left=r"\frac{f(x+h)-f(x)}{h} - f'(x)",
)
def forward_difference():
    f = _quartic(x)
    error = h * f.diff(x, 2) / 2 + h**2 * f.diff(x, 3) / 6 + h**3 * f.diff(x, 4) / 24
    return Equation(
        (_quartic(x + h) - f) / h - f.diff(x), error, wrong={"second order": error - h * f.diff(x, 2) / 2}
    )


@register(
    "(f(x+h) − f(x−h))/2h errs by h² f‴/6 only: second order in h (quartic f)",
    lesson=1,
    posts=("D7",),
    left=r"\frac{f(x+h)-f(x-h)}{2h} - f'(x)",
)
def central_difference():
    f = _quartic(x)
    return Equation(
        (_quartic(x + h) - _quartic(x - h)) / (2 * h) - f.diff(x),
        h**2 * f.diff(x, 3) / 6,
        wrong={
            "first order": h * f.diff(x, 2) / 2,
            "h for 2h": ((_quartic(x + h) - _quartic(x - h)) / h - f.diff(x), h**2 * f.diff(x, 3) / 6),
        },
    )


@register(
    "round-off ε/h and truncation h²M/6 together are least at h³ = 3ε/M",
    lesson=1,
    left=r"\frac{d}{dh}\left(\frac{\epsilon}{h} + \frac{M h^2}{6}\right)\Big|_{h = (3\epsilon/M)^{1/3}}",
)
def best_step():
    eps, bound, step = sp.symbols("epsilon M h", positive=True)
    total = eps / step + bound * step**2 / 6
    best = (3 * eps / bound) ** sp.Rational(1, 3)
    return Equation(
        total.diff(step).subs(step, best),
        sp.Integer(0),
        wrong={"smaller is better": (total.diff(step).subs(step, eps / bound), sp.Integer(0))},
    )

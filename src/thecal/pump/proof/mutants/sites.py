"""Where a source file can be changed in one place, and into what: the operators of the mutants.

Not changed are what takes no part in behaviour or is itself a check: assertions, ``strict`` of a zip, annotations,
docstrings, imports, decorators, ``__all__``, and the text of an error.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

MODULE = "<module>"
_UNTOUCHED = (ast.Assert, ast.Import, ast.ImportFrom, ast.TypeAlias)
_SILENT = (ast.Raise, ast.JoinedStr)  # what an error says
_COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "bisect_left": "bisect_right"} | {
    "bisect_right": "bisect_left"
}

type Slot = tuple[ast.AST, str, int | None]


class Variant(NamedTuple):
    """What an expression becomes. ``left_out``: the part of it that is gone, where that tells more."""

    operator: str
    after: ast.expr
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``span``: the lines of its statement, or of the head of a compound one."""

    line: int
    span: tuple[int, int]
    function: str
    operator: str
    before: str
    after: str
    make: Callable[[], None]


def changes(tree: ast.Module) -> list[Change]:
    """Every change of a file, by line and operator. ``make`` makes one in the tree."""
    found = [change for place in range(len(tree.body)) for change in _statement(tree.body, place, MODULE)]
    return sorted(found, key=lambda change: (change.span[0], change.operator))


def _statement(body: list[ast.stmt], place: int, function: str) -> Iterator[Change]:
    node = body[place]
    if isinstance(node, _UNTOUCHED) or _is_text(node) or _is_public_list(node):
        return
    inner = [(each, number) for each in _bodies(node) for number in range(len(each))]
    last = max(node.lineno, min(each[0].lineno for each, _ in inner) - 1) if inner else node.end_lineno or node.lineno
    span = (node.lineno, last)
    within = function
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        within = _within(function, node)
        slots = _defaults(node)
    else:
        yield from _whole(body, place, span, function)
        slots = _slots(node)
    for slot in slots:
        yield from _expression(slot, span, function)
    for each, number in inner:
        yield from _statement(each, number, within)


def _bodies(node: ast.AST) -> list[list[ast.stmt]]:
    """The lists of statements inside a statement."""
    found: list[list[ast.stmt]] = []
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            found.append(value)
        elif isinstance(value, list) and value and isinstance(value[0], ast.match_case | ast.ExceptHandler):
            found += [each.body for each in value]
    return found


def _slots(node: ast.AST) -> list[Slot]:
    """Where the expressions right below a node are: its owner, the field, and the place in a list."""
    if isinstance(node, _SILENT):
        return []
    found: list[Slot] = []
    for name, value in ast.iter_fields(node):
        for place, each in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(each, ast.expr) and name != "annotation":
                found.append((node, name, place))
            elif isinstance(each, ast.keyword) and each.arg != "strict":  # of a zip: that the lengths agree
                found.append((each, "value", None))
            elif isinstance(each, ast.comprehension):
                found += [(each, "iter", None), *((each, "ifs", number) for number in range(len(each.ifs)))]
    return found


def _within(function: str, node: ast.FunctionDef | ast.ClassDef) -> str:
    """The outermost function that holds the node; of a class, its name, so that a method is ``Class.method``."""
    if function == MODULE:
        return node.name if isinstance(node, ast.FunctionDef) else f"{node.name}."
    return f"{function}{node.name}" if function.endswith(".") else function


def _defaults(node: ast.FunctionDef | ast.ClassDef) -> list[Slot]:
    if isinstance(node, ast.ClassDef):
        return []
    args = node.args
    found: list[Slot] = [(args, "defaults", place) for place in range(len(args.defaults))]
    return found + [(args, "kw_defaults", place) for place, each in enumerate(args.kw_defaults) if each is not None]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_public_list(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def _whole(body: list[ast.stmt], place: int, span: tuple[int, int], function: str) -> Iterator[Change]:
    """A statement dropped, a branch or a case always or never taken."""
    node, where = body[place], _outermost(function)
    text = ast.unparse(node).splitlines()[0]
    if isinstance(node, ast.If | ast.While):
        for value in (True, False) if isinstance(node, ast.If) else (False,):
            told = ast.unparse(node.test), str(value)
            yield Change(node.lineno, span, where, "branch", *told, _setter((node, "test", None), ast.Constant(value)))
    elif isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        put = _setter((node, "value", None), ast.Constant(None))
        yield Change(node.lineno, span, where, "return", text, "return None", put)
    elif isinstance(node, ast.Expr | ast.AugAssign | ast.Raise):
        yield Change(node.lineno, span, where, "drop", text, "pass", lambda: body.__setitem__(place, ast.Pass()))
    elif isinstance(node, ast.Match):
        for case in node.cases:
            if not isinstance(case.pattern, ast.MatchAs) or case.pattern.pattern is not None:
                line, told = case.pattern.lineno, (ast.unparse(case.pattern), "never")
                put = _setter((case, "guard", None), ast.Constant(value=False))
                yield Change(line, (line, line), where, "case", *told, put)


def _outermost(function: str) -> str:
    return MODULE if function.endswith(".") else function


def _setter(slot: Slot, value: object) -> Callable[[], None]:
    owner, name, place = slot
    if place is None:
        return lambda: setattr(owner, name, value)
    return lambda: getattr(owner, name).__setitem__(place, value)


def _expression(slot: Slot, span: tuple[int, int], function: str) -> Iterator[Change]:
    owner, name, place = slot
    node = getattr(owner, name) if place is None else getattr(owner, name)[place]
    line = getattr(node, "lineno", span[0])
    for operator, after, left_out in _variants(node):
        told = (left_out, "") if left_out else (ast.unparse(node), ast.unparse(after))
        yield Change(line, span, _outermost(function), operator, *told, _setter(slot, after))
    for inner in _slots(node):
        yield from _expression(inner, span, function)


def _variants(node: ast.AST) -> Iterator[Variant]:
    """What may stand in the place of an expression."""
    yield from _of_constant(node)
    yield from _of_logic(node)
    yield from _of_call(node)
    match node:
        case ast.BinOp(left, op, right) if type(op) in _ARITHMETIC:
            yield Variant("arithmetic", ast.BinOp(left, _ARITHMETIC[type(op)](), right))
        case ast.UnaryOp(_, operand):
            yield Variant("sign", operand)
        case (
            ast.ListComp(element, generators) | ast.SetComp(element, generators) | ast.GeneratorExp(element, generators)
        ):
            for index, each in enumerate(generators):
                for number in range(len(each.ifs)):
                    ifs = [*each.ifs[:number], *each.ifs[number + 1 :]]
                    changed = ast.comprehension(each.target, each.iter, ifs, each.is_async)
                    others = [*generators[:index], changed, *generators[index + 1 :]]
                    yield Variant("filter", type(node)(element, others), ast.unparse(each.ifs[number]))


def _of_constant(node: ast.AST) -> Iterator[Variant]:
    match node:
        case ast.Constant(bool() as value):
            yield Variant("constant", ast.Constant(not value))
        case ast.Constant(int() as number):
            yield Variant("number", ast.Constant(number + 1))
            yield Variant("number", ast.Constant(number - 1))
        case ast.Constant(str() as text):
            yield Variant("text", ast.Constant(text + "x"))
        case ast.Constant(bytes() as data):
            yield Variant("text", ast.Constant(data + b"x"))


def _of_logic(node: ast.AST) -> Iterator[Variant]:
    match node:
        case ast.Compare(left, ops, comparators):
            for index, op in enumerate(ops):
                for other in _COMPARE[type(op)]:
                    changed = ast.Compare(left, [*ops[:index], other(), *ops[index + 1 :]], comparators)
                    yield Variant("comparison", changed)
        case ast.BoolOp(op, values):
            yield Variant("and_or", ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values))
            for index, value in enumerate(values):
                rest = [*values[:index], *values[index + 1 :]]
                yield Variant("condition", rest[0] if len(rest) == 1 else ast.BoolOp(op, rest), ast.unparse(value))
        case ast.IfExp(_, body, orelse):
            yield Variant("branch", body)
            yield Variant("branch", orelse)


def _of_call(node: ast.AST) -> Iterator[Variant]:
    if not isinstance(node, ast.Call):
        return
    name = ast.unparse(node.func)
    if name in _NAMES:
        yield Variant("swap", ast.Call(ast.Name(_NAMES[name], ast.Load()), node.args, node.keywords))
    if name.split(".")[-1] in ("_replace", "replace"):
        for index, keyword in enumerate(node.keywords):
            if keyword.arg is not None:
                rest = [*node.keywords[:index], *node.keywords[index + 1 :]]
                yield Variant(
                    "keyword", ast.Call(node.func, node.args, rest), f"{keyword.arg}={ast.unparse(keyword.value)}"
                )

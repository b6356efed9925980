"""Random processes as text: every statement, over a few shared variables of every sort."""

from __future__ import annotations

from random import Random

SIZE = 2
SHARED = ("x", "flag", "slot", "owner", "bag")
"""A number 0…2, a truth value, a number for each worker, a worker or none, a set of numbers."""
DECLARED = """
x = protocol.variable("x", Small, 0)
flag = protocol.variable("flag", boolean(), False)
slot = protocol.variable("slot", array(Worker, Small), 0)
owner = protocol.variable("owner", optional(Worker), None)
bag = protocol.variable("bag", subsets(Small), set())
"""


class Writer:
    """Writes one process. Names that a step may read are kept apart from those that live on."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._named: list[str] = []
        self._members: list[str] = []
        self._loops = 0

    def program(self) -> str:
        """The text of a process ``program(i)``."""
        body = ["a = local(Small, 0)", "b = local(Small, 1)", "done = local(boolean(), False)"]
        inner = self._block(3, in_loop=False)
        last = ["update(x, a if done else b)", "yield"]
        if self._random.random() < 0.7:
            inner = ["while True:", *_indented([*inner, *last])]
        return "\n".join(["def program(i):", *_indented([*body, *inner, *last])]) + "\n"

    def _block(self, depth: int, *, in_loop: bool) -> list[str]:
        lines: list[str] = []
        named, members = list(self._named), list(self._members)
        for _ in range(self._random.randint(1, 4)):
            lines += self._statement(depth, in_loop=in_loop)
        self._named, self._members = named, members
        if "yield" in "".join(lines):
            self._forget()
        return lines

    def _forget(self) -> None:
        """A step may have ended: only local variables and the cursors of loops keep their names."""
        self._named = [n for n in self._named if n.startswith("k")]
        self._members = [n for n in self._members if n.startswith("w")]

    def _inside(self, depth: int, number: str = "", member: str = "") -> list[str]:
        """The body of a loop, whose cursor is known in it."""
        named, members = list(self._named), list(self._members)
        self._forget()
        self._named += [number] if number else []
        self._members += [member] if member else []
        lines = self._block(depth - 1, in_loop=True)
        self._named, self._members = named, members
        self._forget()
        return lines

    def _statement(self, depth: int, *, in_loop: bool) -> list[str]:
        random = self._random
        kinds = ["assign"] * 4 + ["local"] * 3 + ["when", "yield", "yield", "temporary", "swap", "some"]
        if depth > 0:
            kinds += ["if", "if", "while", "for", "count", "either"]
        if in_loop:
            kinds += ["leave"]
        match random.choice(kinds):
            case "assign":
                return [self._assignment()]
            case "local":
                name = random.choice(["a", "b", "done"])
                return [f"{name} = {self._truth() if name == 'done' else self._number()}"]
            case "when":
                return [f"when({self._truth()})"]
            case "yield":
                self._forget()
                return ["yield"]
            case "temporary":
                name = f"t{len(self._named)}"
                read = random.choice(["x", "a", "slot[i]"])
                line = f"{name} = {read}"
                self._named.append(name)
                later = f"{read} = {self._number()}" if read != "x" else f"update(x, {self._number()})"
                return [line, later, f"update(bag, bag | {{{name}}})"] if random.random() < 0.5 else [line]
            case "swap":
                return ["a, b = b, a"]
            case "some":
                name = f"m{random.randint(0, 10**6)}"
                line = f"{name} = some(Worker, lambda w: slot[w] <= {random.choice(['x', '1', 'a'])})"
                self._members.append(name)
                return [line]
            case "if":
                lines = [f"if {self._truth()}:", *_indented(self._block(depth - 1, in_loop=in_loop))]
                if random.random() < 0.4:
                    lines += [f"elif {self._truth()}:", *_indented(self._block(depth - 1, in_loop=in_loop))]
                if random.random() < 0.5:
                    lines += ["else:", *_indented(self._block(depth - 1, in_loop=in_loop))]
                return lines
            case "while":
                test = self._truth()
                body = self._inside(depth)
                return [f"while {test}:", *_indented(["yield", *body] if random.random() < 0.5 else [*body, "yield"])]
            case "for":
                self._loops += 1
                name = f"w{self._loops}"
                body = [*self._inside(depth, member=name), f"update(slot[{name}], {self._number()})", "yield"]
                return [f"for {name} in Worker:", *_indented(body)]
            case "count":
                self._loops += 1
                name = f"k{self._loops}"
                body = self._inside(depth, number=name)
                line = f"for {name} in range({random.choice(['2', '1, 3', '1'])}):"
                return [line, *_indented([*body, "yield"] if random.random() < 0.7 else body)]
            case "either":
                lines = ["with either():", *_indented(self._block(depth - 1, in_loop=in_loop))]
                for _ in range(random.randint(1, 2)):
                    lines += ["with or_():", *_indented(self._block(depth - 1, in_loop=in_loop))]
                return lines
            case _:
                return [f"if {self._truth()}:", f"    {random.choice(['break', 'continue', 'return'])}"]

    def _assignment(self) -> str:
        member = self._random.choice(["i", "i", *self._members])
        return self._random.choice(
            [
                f"update(x, {self._number()})",
                f"update(flag, {self._truth()})",
                f"slot[{member}] = {self._number()}",
                f"update(owner, {self._random.choice([member, 'None'])})",
                f"update(bag, bag | {{{self._number()}}})",
                f"update(bag, bag - {{{self._number()}}})",
            ]
        )

    def _number(self) -> str:
        member = self._random.choice(["i", *self._members])
        simple = self._random.choice(["0", "1", "2", "x", "a", "b", f"slot[{member}]", *self._named])
        if self._random.random() < 0.3:
            return f"({simple} + 1 if {simple} < 2 else 0)"
        return simple

    def _truth(self) -> str:
        random = self._random
        member = random.choice(["i", *self._members])
        simple = random.choice(
            [
                "flag",
                "done",
                f"{self._number()} {random.choice(['==', '!=', '<', '<='])} {self._number()}",
                f"0 < {self._number()} <= {self._number()}",
                f"owner == {member}",
                "owner is None",
                "owner is not None",
                f"{self._number()} in bag",
                f"{self._number()} not in bag",
            ]
        )
        if random.random() < 0.25:
            other = random.choice(["flag", "not done", f"{self._number()} in bag", "owner is None"])
            return f"({simple} {random.choice(['and', 'or'])} {other})"
        return f"not {simple}" if random.random() < 0.15 and " " not in simple else simple


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]

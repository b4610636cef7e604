"""The imports of the package as a graph: rooms are its folders, arrows the imports between them."""

import ast
import pathlib

import tf_infomax

__all__ = ["PACKAGE", "Graph", "module_name", "room_of"]

PACKAGE = pathlib.Path(tf_infomax.__file__).parent


def module_name(path):
    """Full name of the module in a file."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name):
    """The folder below ``tf_infomax`` that a module is in; "" for the package and its start."""
    return [*name.split("."), ""][1].replace("__main__", "")


def imported(source, package):
    """Full names of everything a module imports, at its head or inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *filter(None, [base])])
            # `from tf_infomax import bounds` is an import of tf_infomax.bounds.
            yield from (f"{base}.{alias.name}" for alias in node.names)


class Graph:
    """Modules and what they import of each other.

    Args:
        sources: dict of module name -> (text, whether it is a package); by default the package's.
    """

    def __init__(self, sources=None):
        if sources is None:
            sources = {
                module_name(path): (path.read_text(), path.stem == "__init__")
                for path in sorted(PACKAGE.rglob("*.py"))
            }
        self.arrows = {}
        self.outside = {}
        for name, (text, is_package) in sources.items():
            package = name if is_package else name.rpartition(".")[0]
            found = set(imported(text, package))
            self.arrows[name] = {self._module(one, sources) for one in found} - {None, name}
            self.outside[name] = {one for one in found if not one.startswith("tf_infomax")}

    @staticmethod
    def _module(name, known):
        while name:
            if name in known:
                return name
            name = name.rpartition(".")[0]
        return None

    def room_arrows(self):
        """Set of (room, room that it imports), of different rooms."""
        return {
            (room_of(name), room_of(other))
            for name, others in self.arrows.items()
            for other in others
            if room_of(name) != room_of(other) and room_of(other)
        }

    def circles(self):
        """Lists of modules that import each other in a circle, one a strongly connected part.

        A package and its own modules do not count: whoever imports a module has its package.
        """
        index, low, stack, found = {}, {}, [], []

        def visit(name):
            index[name] = low[name] = len(index)
            stack.append(name)
            for other in sorted(self.arrows[name]):
                if name.startswith(f"{other}."):
                    continue
                if other not in index:
                    visit(other)
                if other in stack:
                    low[name] = min(low[name], low[other])
            if low[name] == index[name]:
                part = stack[stack.index(name):]
                del stack[stack.index(name):]
                if len(part) > 1:
                    found.append(sorted(part))

        for name in self.arrows:
            if name not in index:
                visit(name)
        return found


if __name__ == "__main__":
    graph = Graph()
    top = [name for name in graph.arrows if name.count(".") == 1]
    loose = [name for name in top if not (PACKAGE / room_of(name)).is_dir()]
    print(f"{len(graph.arrows)} modules, {len(loose)} of them loose at the top level")
    number = sum(map(len, graph.arrows.values()))
    print(f"{number} imports, {len(graph.room_arrows())} arrows between rooms")
    print(f"circles: {graph.circles() or 'none'}")

"""Check docstrings, comments, messages and docs against the deny-list of unclear phrases.

    python tests/plain_english.py [FILE ...]

Without arguments it checks every tracked Python and Markdown file, and exits with 1 if a phrase
of the list occurs.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

DENIED = {
    r"^(What|Whoever|Whatever|Whichever|Where|How|Who|Whom|Which|Those (that|who))\b(?![^.]*\?)": (
        "begin with the name of the thing"
    ),
    r"(?i)\bwhat\b(?![^.]*\?)": "name the thing instead of `what …`",
    r"(?i)\b(whoever|whatever|whichever|whom)\b": "name the person or the thing",
    r"(?i)\b(some|any|no|every)body\b": "name the role: client, user, operator, process",
    r"(?i)\bthe (asked|said|told|sent|found|given|kept|known|gone)\b(?! \w)": (
        "a participle is not a noun"
    ),
    r"(?i)\b(ones|another one|the one (that|which|of|with)|this one|that one)\b": "repeat the noun",
    r"(?i)\b(prove[nds]?|proofs?|proving)\b": "comparison on random rows verifies",
    r"(?i)\b(we|our|ours)\b": "describe the code, not its authors",
    r"(?i)\bforms? (of|for) (a|an|the) (estimator|model|version)\b": "a form is an HTML form",
    r"(?i)\b(is|are|was|were) there (already|no longer|by now)\b": "state the condition",
}
RULES = [(re.compile(pattern), hint) for pattern, hint in DENIED.items()]
MESSAGE_KEYWORDS = {"help", "help_text", "description", "label", "hint", "msg"}
CODE = re.compile(r"`[^`]*`|\"[^\"]*\"")


def python_sentences(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of every docstring, comment and message."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if text := ast.get_docstring(node):
                line = node.body[0].lineno
                yield from ((line + n, part.strip()) for n, part in enumerate(text.split("\n")))
        elif isinstance(node, ast.Raise) and node.exc:
            yield from strings(node.exc)
        elif isinstance(node, ast.keyword) and node.arg in MESSAGE_KEYWORDS:
            yield from strings(node.value)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith("#!"):
            text = re.sub(r"#\s*(noqa|type: ignore)[^-#]*(-|#)?", "", token.string)
            yield token.start[0], text.lstrip("# ")


def strings(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the string constants below a node."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.lineno, part.value


def markdown_sentences(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines outside code blocks and headings."""
    in_code = False
    for number, line in enumerate(source.split("\n"), 1):
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif not in_code and not line.startswith(("#", "    ")):
            yield number, re.sub(r"\]\([^)]*\)", "]", line).lstrip("-*| ")


def main(names: list[str]) -> int:
    """Print the denied phrases of the files; return the exit code."""
    tracked = ["git", "ls-files", "*.py", "*.md", ":!*/migrations/*", ":!docs/benchmarks/*"]
    names = (
        names or subprocess.run(tracked, capture_output=True, text=True, check=True).stdout.split()
    )
    failed = False
    for name in names:
        if Path(name).resolve() == Path(__file__).resolve():
            continue
        read = markdown_sentences if name.endswith(".md") else python_sentences
        for line, text in read(Path(name).read_text()):
            for rule, hint in RULES:
                if match := rule.search(CODE.sub("``", text)):
                    failed = True
                    print(f"{name}:{line}: {match[0]!r}: {hint}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Check texts in code, templates and docs against the deny-list of unclear phrases.

    python tests/plain_english.py [FILE ...]

Without arguments it checks every tracked file of Python, Markdown and HTML, and exits with 1 if a
phrase of the list occurs.
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
CODE = re.compile(r"`[^`]*`|\"[^\"]*\"")


def python_sentences(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line number and the text of every line of a string with spaces, and comment."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            lines = enumerate(node.value.split("\n"), node.lineno)
            yield from ((number, line.strip()) for number, line in lines)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith("#!"):
            text = re.sub(r"#\s*(noqa|type: ignore)[^-#]*(-|#)?", "", token.string)
            yield token.start[0], text.lstrip("# ")


def markdown_sentences(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines outside code blocks and headings."""
    in_code = False
    for number, line in enumerate(source.split("\n"), 1):
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif not in_code and not line.startswith(("#", "    ")):
            yield number, re.sub(r"\]\([^)]*\)", "]", line).lstrip("-*| ")


def template_sentences(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a template without its tags."""
    for number, line in enumerate(source.split("\n"), 1):
        yield number, re.sub(r"\{[%{].*?[%}]\}|<[^>]*>", "", line).strip()


READERS = {".py": python_sentences, ".md": markdown_sentences, ".html": template_sentences}


def main(names: list[str]) -> int:
    """Print the denied phrases of the files; return the exit code."""
    tracked = [
        "git",
        "ls-files",
        "*.py",
        "*.md",
        "*.html",
        ":!*/migrations/*",
        ":!docs/benchmarks/*",
    ]
    names = (
        names or subprocess.run(tracked, capture_output=True, text=True, check=True).stdout.split()
    )
    failed = False
    for name in names:
        if Path(name).resolve() == Path(__file__).resolve():
            continue
        for line, text in READERS[Path(name).suffix](Path(name).read_text()):
            for rule, hint in RULES:
                if match := rule.search(CODE.sub("``", text)):
                    failed = True
                    print(f"{name}:{line}: {match[0]!r}: {hint}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

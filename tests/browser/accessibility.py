"""Accessibility of the current page, as axe sees it."""

from axe_playwright_python.base import AXE_SCRIPT

# With `preload`, axe copies imported style sheets into the page, which its policy forbids.
OPTIONS = {"resultTypes": ["violations"], "preload": False, "selectors": False}

# Contrast takes most of the time of axe, so it is measured once for elements that look alike, such
# as the rows of a table. They and their ancestors have the same classes, colours and sizes. Hidden
# and disabled elements and single characters are other looks, because axe does not measure them.
SETUP = f"""{AXE_SCRIPT};
window.markAlike = () => {{
    const numbers = new Map();
    const looks = new Map();
    for (const element of document.querySelectorAll("*")) {{
        const style = getComputedStyle(element);
        const texts = [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE);
        const look = [
            numbers.get(element.parentElement),
            element.tagName,
            element.getAttribute("class"),
            style.color,
            style.backgroundColor,
            style.backgroundImage,
            style.opacity,
            style.fontSize,
            style.fontWeight,
            element.checkVisibility(),
            element.matches(":disabled"),
            texts.map(node => node.data).join("").trim().length > 1,
        ].join();
        element.toggleAttribute("data-alike", looks.has(look));
        if (!looks.has(look)) looks.set(look, looks.size);
        numbers.set(element, looks.get(look));
    }}
}};
axe.configure({{rules: [{{id: "color-contrast", selector: ":not([data-alike])"}}]}});
"""

CHECK = """async ([part, options]) => {
    // The admin fades from one colour to another after a change of the colour scheme.
    await Promise.allSettled(document.getAnimations().map(each => each.finished));
    markAlike();
    // axe measures the contrast of each line of a text. The text of the schema has 5,000.
    const shortened = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); )
        if (node.data.length > 5000) {
            shortened.push([node, node.data]);
            node.data = node.data.slice(0, 5000);
        }
    const {violations} = await axe.run(part, options);
    shortened.forEach(([node, data]) => (node.data = data));
    return violations.map(({id, nodes}) => [id, nodes.map(({html}) => html)]);
}"""


def violations(page, part="html"):
    """Accessibility violations that axe finds on the current page, or in a part of it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SETUP)
    return dict(page.evaluate(CHECK, [part, OPTIONS]))

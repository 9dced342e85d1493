// Times in the zone of the browser. Without this script, they are in UTC.

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const element of document.querySelectorAll("time[datetime]")) {
  const zone = element.querySelector(".zone");
  if (!zone) continue; // a time in words is the same in all zones
  element.title = element.textContent;
  element.textContent = format.format(new Date(element.dateTime));
}

// Buttons that copy code. They need JavaScript, and a connection that the browser trusts.

if (navigator.clipboard) {
  for (const code of document.querySelectorAll("pre.copyable")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-default copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    });
    code.before(button);
  }
}

// A form that creates something is sent once, also by a double click.

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "true";
  });
  addEventListener("pageshow", () => delete form.dataset.sent); // also after going back
}

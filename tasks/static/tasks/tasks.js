// Due times are typed in the zone of the browser. Without this script, they are typed in UTC.

const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;

// Both functions take and return the value of an input, which can be empty.

function toLocal(value) {
  if (!value) return value;
  const time = new Date(`${value}Z`);
  return new Date(time - time.getTimezoneOffset() * 60_000).toISOString().slice(0, -1);
}

function toUTC(value) {
  return value && new Date(value).toISOString().slice(0, -1);
}

for (const input of document.querySelectorAll('input[name="due_at"]')) {
  for (const text of input.parentElement.querySelectorAll("label, .help-block")) {
    text.textContent = text.textContent.replace("UTC", zone);
  }
  input.value = input.defaultValue; // Firefox restores a typed value when it reloads the page
  const saved = input.value;
  input.value = toLocal(saved);
  const shown = input.value;
  input.form.addEventListener("formdata", ({ formData }) => {
    // A time that occurs twice, when clocks are set back, stays as it is saved.
    formData.set("due_at", input.value === shown ? saved : toUTC(input.value));
  });
}

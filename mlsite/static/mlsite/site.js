// Times in the zone of the browser. Without this script, they are in UTC.

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const element of document.querySelectorAll("time[datetime]")) {
  const zone = element.querySelector(".zone");
  if (!zone) continue; // a time in words is the same in all zones
  element.title = element.textContent;
  element.textContent = format.format(new Date(element.dateTime));
}

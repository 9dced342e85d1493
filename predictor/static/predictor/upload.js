// Progress of an upload. Without JavaScript, the browser sends the form itself.

for (const form of document.querySelectorAll("form[data-upload]")) {
  const line = form.querySelector(".upload-progress");
  const bar = line.querySelector("progress");
  const text = line.querySelector("[role=status]");
  const button = form.querySelector("button, [type=submit]");

  const show = (response, url) => {
    history.replaceState(null, "", url);
    document.open();
    document.write(response);
    document.close();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "text/html");
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = (100 * loaded) / total;
      text.textContent = `${Math.round(bar.value)} % sent`;
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      text.textContent = "Sent. The file is being checked…";
    });
    request.addEventListener("load", () => show(request.responseText, request.responseURL));
    request.addEventListener("error", () => {
      text.textContent = "The connection failed. Try again.";
      button.disabled = false;
    });
    line.hidden = false;
    button.disabled = true;
    request.send(new FormData(form));
  });
}

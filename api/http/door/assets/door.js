/* What the pages do beyond HTML: show the names of chosen files, follow a job, send a form once.
   Everything works without it. */
(function () {
  "use strict";

  document.querySelectorAll("[data-files]").forEach(function (input) {
    var box = input.closest(".drop"), list = box.querySelector("[data-names]");
    input.addEventListener("change", function () {
      list.textContent = "";
      Array.prototype.forEach.call(input.files, function (file) {
        var item = document.createElement("li");
        item.textContent = file.name + "  " + Math.max(1, Math.round(file.size / 1000)) + " kB";
        list.appendChild(item);
      });
      box.classList.toggle("filled", input.files.length > 0);
    });
    ["dragenter", "dragover"].forEach(function (name) {
      input.addEventListener(name, function () { box.classList.add("over"); });
    });
    ["dragleave", "drop"].forEach(function (name) {
      input.addEventListener(name, function () { box.classList.remove("over"); });
    });
  });

  document.querySelectorAll("form[data-once]").forEach(function (form) {
    var isSent = false;
    form.addEventListener("submit", function (event) {
      if (isSent) { event.preventDefault(); }
      isSent = true;
      form.classList.add("sent");
    });
    window.addEventListener("pageshow", function () { isSent = false; form.classList.remove("sent"); });
  });

  var bar = document.querySelector("[data-poll]"), message = document.querySelector("[data-message]");
  function follow() {
    fetch(bar.dataset.poll, { credentials: "same-origin", cache: "no-store" })
      .then(function (answer) { return answer.json(); })
      .then(function (state) {
        if (state.has_ended) { location.reload(); return; }
        bar.value = state.progress;
        if (message.textContent !== state.message) { message.textContent = state.message; }
        setTimeout(follow, 700);
      })
      .catch(function () { setTimeout(follow, 3000); });
  }
  if (bar) { setTimeout(follow, 400); }
}());

// Shows the document that is chosen; ?document=… in the address remembers it.
(function () {
  const choice = document.getElementById("document");
  const source = document.getElementById("source");

  function show() {
    source.href = choice.value;
    SwaggerUIBundle({
      url: choice.value,
      dom_id: "#swagger-ui",
      presets: [SwaggerUIBundle.presets.apis],
      deepLinking: true,
      validatorUrl: null,
      docExpansion: "list",
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true,
    });
  }

  const wanted = new URLSearchParams(location.search).get("document");
  if (wanted && Array.from(choice.options).some((option) => option.value === wanted)) {
    choice.value = wanted;
  }
  choice.addEventListener("change", function () {
    history.replaceState(null, "", "?document=" + encodeURIComponent(choice.value));
    show();
  });
  show();
})();

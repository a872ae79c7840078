// Starts the description of the API. In a file of its own: the pages' security policy allows no script inside HTML.
window.addEventListener("load", () => {
  window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });
});

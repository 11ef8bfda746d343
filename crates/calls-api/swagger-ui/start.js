// A file of its own, because the content security policy allows no scripts in HTML.
SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true });

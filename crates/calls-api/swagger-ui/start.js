// A separate file, because the content security policy forbids inline scripts here.
SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true });

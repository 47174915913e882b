import HTTPTypes
import MartletCore
import Web

/// The OpenAPI document, and a page to read and try it that asks nobody but this server.
struct DocumentationEndpoints: Sendable {
  /// All routes, once they are known.
  let table: @Sendable () -> [Route]

  var routes: [Route] {
    [
      Route(.get, "/openapi.json", .open, "this server's routes as OpenAPI 3.1") { _ in
        Reply { $0.value(OpenAPIDocument(routes: table()).value) }
      },
      Route(.get, "/docs", .open, "a page to read and try the routes") { _ in page(DocumentationPage.html, "text/html; charset=utf-8") },
      Route(.get, "/docs/page.js", .open, "the page's program") { _ in page(DocumentationPage.script, "text/javascript; charset=utf-8") },
      Route(.get, "/docs/page.css", .open, "the page's looks") { _ in page(DocumentationPage.style, "text/css; charset=utf-8") },
    ]
  }

  private func page(_ text: String, _ type: String) -> Reply {
    var reply = Reply(Array(text.utf8))
    reply.contentType = type
    // Scripts, styles and calls of this server only; nothing inline, nothing in frames.
    reply.headers = [
      (
        .contentSecurityPolicy,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
          + "frame-ancestors 'none'"
      )
    ]
    return reply
  }
}

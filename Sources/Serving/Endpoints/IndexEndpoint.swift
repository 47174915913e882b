import HTTPTypes
import MartletCore
import Web

/// `GET /`: what can be called, for somebody who has only the address.
enum IndexEndpoint {
  static func reply(routes: [Route], models: ModelRepository, languages: LanguageTable) -> Reply {
    Reply { writer in
      writer.raw("{\"name\":\"martlet\",\"version\":")
      writer.string(MartletVersion.current)
      // One protocol's clients take this page for a sign of life.
      writer.raw(",\"status\":\"alive\",\"models\":")
      writer.strings(Set(models.names + languages.names).filter { Caller.current.maySee(model: $0) }.sorted())
      writer.raw(",\"routes\":")
      writer.array(routes.sorted { ($0.pattern, $0.method.rawValue) < ($1.pattern, $1.method.rawValue) }) { writer, route in
        writer.raw("{\"method\":")
        writer.string(route.method.rawValue)
        writer.raw(",\"path\":")
        writer.string(route.pattern)
        writer.raw(",\"summary\":")
        writer.string(route.summary)
        writer.raw("}")
      }
      writer.raw("}")
    }
  }
}

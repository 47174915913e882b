import MartletCore

/// What the routes of the server itself take and give, by method and pattern.
enum RouteSchemas {
  private typealias C = ComponentSchemas

  static let all: [String: RouteSchema] = Dictionary(
    server + inference + generation + predictions + tensorFlow + openAI, uniquingKeysWith: { first, _ in first })

  private static let server: [(String, RouteSchema)] = [
    (
      "GET /",
      RouteSchema(
        answer: C.object(
          ["name": C.text, "version": C.text, "status": C.text, "models": C.list(C.text), "routes": C.list(["type": "object"])],
          required: ["name", "version", "models", "routes"], closed: true))
    ),
    (
      "GET /openapi.json",
      RouteSchema(
        answer: C.object(
          ["openapi": C.text, "info": ["type": "object"], "paths": ["type": "object"]], required: ["openapi", "info", "paths"]))
    ),
    ("GET /docs", RouteSchema(answer: C.text, answerType: "text/html")),
    ("GET /docs/page.js", RouteSchema(answer: C.text, answerType: "text/javascript")),
    ("GET /docs/page.css", RouteSchema(answer: C.text, answerType: "text/css")),
    ("GET /admin/cost", RouteSchema(answer: ["type": "object"])),
    ("GET /metrics", RouteSchema(answer: C.text, answerType: "text/plain")),
    ("GET /health/live", RouteSchema(answer: C.reference("Live"))),
    ("GET /health/ready", RouteSchema(answer: C.reference("Ready"), error: C.reference("Ready"))),
    ("GET /v2/health/live", RouteSchema(answer: C.reference("Live"))),
    ("GET /v2/health/ready", RouteSchema(answer: C.reference("Ready"), error: C.reference("Ready"))),
    ("GET /models", RouteSchema(answer: C.object(["models": C.list(C.reference("Model"))], required: ["models"], closed: true))),
    ("GET /models/{name}", RouteSchema(answer: C.reference("Model"))),
  ]

  /// The same for a model and for one of its versions.
  private static func versioned(_ method: String, _ suffix: String, _ schema: RouteSchema) -> [(String, RouteSchema)] {
    ["/v2/models/{name}", "/v2/models/{name}/versions/{version}"].map {
      ("\(method) \($0)\(suffix)", tagged(schema, "Open Inference Protocol"))
    }
  }

  private static func tagged(_ schema: RouteSchema, _ tag: String) -> RouteSchema {
    var schema = schema
    schema.tag = tag
    return schema
  }

  private static let inferenceExample: JSONValue = [
    "inputs": [["name": "image", "datatype": "FP32", "shape": [1, 4], "data": [0, 1, 2, 3]]]
  ]

  private static let inference: [(String, RouteSchema)] =
    versioned("GET", "", RouteSchema(answer: C.reference("ModelMetadata")))
    + versioned("GET", "/ready", RouteSchema(answer: C.reference("ModelReady")))
    + versioned("GET", "/config", RouteSchema(answer: C.reference("ModelConfiguration")))
    + versioned("GET", "/stats", RouteSchema(answer: C.reference("Statistics")))
    + versioned(
      "POST", "/infer",
      RouteSchema(
        body: C.reference("InferenceRequest"), example: inferenceExample, otherTypes: ["application/octet-stream"],
        answer: C.reference("InferenceAnswer"), hasBinaryAnswer: true))
    + [
      ("GET /v2", RouteSchema(answer: C.reference("ServerMetadata"))),
      ("GET /v2/models/stats", RouteSchema(answer: C.reference("Statistics"))),
      (
        "POST /v2/repository/index",
        RouteSchema(
          body: C.object(["ready": C.flag]), isBodyOptional: true, example: ["ready": true], answer: C.reference("RepositoryIndex"))
      ),
      (
        "POST /v2/repository/models/{name}/load",
        RouteSchema(
          body: C.object(["parameters": C.parameters]), isBodyOptional: true,
          answer: C.object(["name": C.text, "load": C.flag], required: ["name", "load"]))
      ),
      (
        "POST /v2/repository/models/{name}/unload",
        RouteSchema(
          body: C.object(["parameters": C.parameters]), isBodyOptional: true,
          answer: C.object(["name": C.text, "unload": C.flag], required: ["name", "unload"]))
      ),
    ].map { ($0.0, tagged($0.1, "Open Inference Protocol")) }

  private static let generation: [(String, RouteSchema)] = {
    let example: JSONValue = ["text_input": "Once upon a time", "parameters": ["max_tokens": 32]]
    var stream = RouteSchema(body: C.reference("GenerateRequest"), example: example, answer: C.text, answerType: "text/event-stream")
    stream.answerNote = "one event for each piece of the text, each a document as /generate answers it"
    return versioned(
      "POST", "/generate", RouteSchema(body: C.reference("GenerateRequest"), example: example, answer: C.reference("GenerateAnswer")))
      + versioned("POST", "/generate_stream", stream)
  }()

  private static let predictions: [(String, RouteSchema)] = [
    "/predict", "/models/{name}/predict", "/models/{name}/versions/{version}/predict",
  ].map {
    (
      "POST \($0)",
      RouteSchema(
        tag: "Predictions", body: C.object(["input": C.anything, "inputs": C.anything, "instances": C.anything]),
        example: ["input": [0, 1, 2, 3]],
        otherTypes: ["image/jpeg", "image/png", "multipart/form-data", "text/csv"], answer: C.reference("Prediction"))
    )
  }

  private static let tensorFlow: [(String, RouteSchema)] = {
    let examples: JSONValue = ["examples": [["x": [0, 1]]]]
    let verbs: [(String, RouteSchema)] = [
      (
        "POST|:predict",
        RouteSchema(
          body: C.object(["instances": ["type": "array"], "inputs": C.anything, "signature_name": C.text]),
          example: ["instances": [[0, 1]]],
          answer: C.object(["predictions": ["type": "array"], "outputs": C.anything]))
      ),
      (
        "POST|:classify",
        RouteSchema(
          body: C.object(["examples": C.list(["type": "object"])]), example: examples,
          answer: C.object(["results": C.list(["type": "array"])], required: ["results"], closed: true))
      ),
      (
        "POST|:regress",
        RouteSchema(
          body: C.object(["examples": C.list(["type": "object"])]), example: examples,
          answer: C.object(["results": C.list(C.number)], required: ["results"], closed: true))
      ),
      (
        "GET|/metadata",
        RouteSchema(
          answer: C.object(
            ["model_spec": ["type": "object"], "metadata": ["type": "object"]], required: ["model_spec", "metadata"], closed: true))
      ),
      ("GET|", RouteSchema(answer: C.reference("ModelStatus"))),
    ]
    return ["/v1/models/{name}", "/v1/models/{name}/versions/{version}", "/v1/models/{name}/labels/{label}"].flatMap { place in
      verbs.map { verb, schema in
        let parts = verb.split(separator: "|", omittingEmptySubsequences: false)
        return ("\(parts[0]) \(place)\(parts[1])", tagged(schema, "TensorFlow Serving"))
      }
    }
  }()

  private static let openAI: [(String, RouteSchema)] = {
    func schema(_ body: JSONValue?, _ example: JSONValue?, _ answer: JSONValue, isStreamed: Bool = false) -> RouteSchema {
      RouteSchema(tag: "OpenAI", body: body, example: example, answer: answer, isStreamed: isStreamed, error: C.reference("OpenAIError"))
    }
    let choices = C.object(
      [
        "id": C.text, "object": C.text, "created": C.integer, "model": C.text, "choices": C.list(["type": "object"]),
        "usage": ["type": "object"],
      ],
      required: ["id", "object", "created", "model", "choices", "usage"])
    let listed = C.object(["object": C.text, "data": C.list(["type": "object"])], required: ["object", "data"])
    return [
      ("GET /v1/models", schema(nil, nil, listed)),
      (
        "POST /v1/chat/completions",
        schema(
          C.object(["model": C.text, "messages": C.list(["type": "object"]), "stream": C.flag], required: ["model", "messages"]),
          ["model": "MODEL", "messages": [["role": "user", "content": "Hello"]]], choices, isStreamed: true)
      ),
      (
        "POST /v1/completions",
        schema(
          C.object(["model": C.text, "prompt": C.anything, "max_tokens": C.integer, "stream": C.flag], required: ["model", "prompt"]),
          ["model": "MODEL", "prompt": "Hello"], choices, isStreamed: true)
      ),
      (
        "POST /v1/embeddings",
        schema(
          C.object(
            ["model": C.text, "input": C.anything, "encoding_format": C.text, "dimensions": C.integer], required: ["model", "input"]),
          ["model": "MODEL", "input": "Hello"],
          C.object(
            ["object": C.text, "data": C.list(["type": "object"]), "model": C.text, "usage": ["type": "object"]],
            required: ["object", "data", "model", "usage"]))
      ),
    ]
  }()
}

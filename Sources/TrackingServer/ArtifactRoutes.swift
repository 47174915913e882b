import Foundation
import HTTPTypes
import HummingbirdCore
import MartletCore
import NIOCore
import Tracking
import Web

extension TrackingEndpoints {
  private static let root = "/api/2.0/mlflow-artifacts"

  var artifactRoutes: [Route] {
    [
      Route(.get, Self.root + "/artifacts", .read, "what lies in a folder of artifacts") { [store] exchange in
        try await Self.answering(exchange) {
          let fields = try RequestFields(target: exchange.request.head.path ?? "")
          let path = try fields.text("path") ?? ""
          let entries = try await Self.blocking { try store.listArtifacts(path) }
          return MLflowReply.document(entries.isEmpty ? [:] : ["files": .array(entries.map { Documents.file($0) })])
        }
      },
      Route(.get, Self.root + "/artifacts/{path*}", .read, "a file of a run, a logged model or a registered version") { [self] exchange in
        try await Self.answering(exchange) { try await download(exchange) }
      },
      Route(.put, Self.root + "/artifacts/{path*}", .write, "stores a file of a run or a logged model") { [self] exchange in
        try await Self.answering(exchange) { try await upload(exchange) }
      },
      Route(.delete, Self.root + "/artifacts/{path*}", .write, "deletes a file or a folder of a run or a logged model") {
        [store] exchange in
        try await Self.answering(exchange) {
          let path = try Self.path(exchange)
          return MLflowReply.document(
            try await Self.blocking {
              try store.checkWritable(path)
              try store.artifacts.delete(path)
              return [:]
            })
        }
      },
      Route(.post, Self.root + "/mpu/create/{path*}", .write, "says that files are not uploaded in parts") { exchange in
        try await Self.answering(exchange) {
          throw TrackingError(.unsupported, "files are not uploaded in parts here", remedy: "PUT the whole file")
        }
      },
      call(.get, "artifacts/list", .read, "the files of a run") { store, fields in
        let run = try store.run(try fields.run())
        return try Self.files(of: run.info.artifacts, folder: try fields.text("path") ?? "", store)
      },
    ]
  }

  /// The path of a file in the request's own. A plus is a plus there.
  private static func path(_ exchange: Exchange) throws(TrackingError) -> String {
    let raw = exchange.parameters["path"] ?? ""
    guard let path = raw.removingPercentEncoding else {
      throw TrackingError(.invalid, "the path has a broken escape", expected: "% and two hexadecimal digits")
    }
    guard !path.isEmpty else { throw TrackingError(.invalid, "the path is empty", expected: "a/b/c") }
    _ = try ArtifactPath.parts(path)
    return path
  }

  private func download(_ exchange: Exchange) async throws -> Reply {
    let path = try Self.path(exchange)
    let file = try await Self.blocking { [store] in try store.openArtifact(path) }
    var reply = Reply([])
    // What somebody uploaded is never shown as a page of this server's.
    reply.contentType = "application/octet-stream"
    reply.headers = [(.contentDisposition, Self.attachment(file.name)), (.contentLength, String(file.size))]
    guard exchange.request.method != .head else { return reply }
    reply.stream = ReplyStream { send in
      var sent = 0
      while sent < file.size {
        let piece = try await Self.blocking { [sent] in try file.read(min(1 << 18, file.size - sent), at: sent) }
        guard !piece.isEmpty else { throw TrackingError(.io, "the file became shorter while it was sent") }
        sent += piece.count
        try await send(piece)
      }
    }
    return reply
  }

  /// RFC 6266: the name in plain letters, and as it is.
  private static func attachment(_ name: String) -> String {
    let plain = name.unicodeScalars.map { scalar in
      scalar.value > 0x20 && scalar.value < 0x7F && !"\"\\;%".unicodeScalars.contains(scalar) ? String(scalar) : "_"
    }.joined()
    let allowed = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
    let full = name.addingPercentEncoding(withAllowedCharacters: allowed) ?? plain
    return full == plain ? "attachment; filename=\"\(plain)\"" : "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(full)"
  }

  private func upload(_ exchange: Exchange) async throws -> Reply {
    let path = try Self.path(exchange)
    let upload = try await Self.blocking { [store] in
      try store.checkWritable(path)
      return try store.artifacts.upload(path)
    }
    do {
      try await exchange.forEachPiece(limit: limits.maxFileBytes) { piece in
        try await Self.blocking { try piece.withUnsafeReadableBytes { try upload.write($0) } }
      }
    } catch {
      upload.abandon()
      throw error
    }
    try await Self.blocking { try upload.commit() }
    return MLflowReply.document([:])
  }
}

extension HTTPField.Name {
  /// A valid name, so that no request can meet a missing one.
  fileprivate static var contentDisposition: HTTPField.Name { HTTPField.Name("Content-Disposition") ?? .via }
}

import Foundation
import MartletCore
import Testing

@testable import Streams

@Suite struct StreamAddressTests {
  @Test func `an address names the system, the brokers and the place`() throws {
    let kafka = try StreamAddress("kafka://a:9093,b/questions.v1")
    #expect(kafka.system == .kafka && kafka.brokers == ["a:9093", "b:9092"] && kafka.name == "questions.v1" && !kafka.isSecure)
    #expect(kafka.description == "kafka://a:9093,b:9092/questions.v1")
    let rabbit = try StreamAddress("amqps://mq/team%20a/answers")
    #expect(rabbit.system == .amqp && rabbit.brokers == ["mq:5671"] && rabbit.virtualHost == "team a" && rabbit.isSecure)
    #expect(try StreamAddress("amqp://mq/answers").virtualHost == "/")
    #expect(try StreamAddress("amqp://mq/a%40b").name == "a@b")
  }

  @Test(arguments: [
    "questions", "http://a/b", "kafka:///b", "kafka://a", "kafka://a/", "kafka://a/b/c", "kafka://a/b c", "kafka://a:x/b", "kafka://a:0/b",
    "amqp://a,b/c", "amqp://a/b/c/d",
  ])
  func `a wrong address is refused`(_ text: String) {
    #expect(throws: StreamError.self) { _ = try StreamAddress(text) }
  }

  @Test(arguments: ["kafka://me:secret@a/b", "me:secret@a/b", "http://me:secret@a/b", "amqp://me:sec/secret@a/b", "kafka:///secret@a"])
  func `credentials in an address are refused, and not repeated`(_ text: String) {
    do {
      _ = try StreamAddress(text)
      Issue.record("it holds credentials")
    } catch {
      #expect(error.kind == .configuration && !error.description.contains("secret") && error.remedy?.contains("MARTLET_STREAM") == true)
    }
  }

  @Test func `credentials come from the environment and are never shown`() throws {
    let given = try StreamSecurity(environment: [
      "MARTLET_STREAM_USER": "me", "MARTLET_STREAM_PASSWORD": "hush", "MARTLET_STREAM_MECHANISM": "scram-sha-512", "MARTLET_STREAM_CA": "",
    ])
    #expect(given.user == "me" && given.password == "hush" && given.mechanism == "SCRAM-SHA-512" && given.authority == nil)
    #expect(!"\(given)".contains("hush") && !String(reflecting: given).contains("hush"))
    var settings = KafkaSettings(brokers: ["a:1"])
    settings.security = given
    settings.isSecure = true
    let properties = Dictionary(settings.common(), uniquingKeysWith: { first, _ in first })
    #expect(properties["security.protocol"] == "sasl_ssl" && properties["sasl.mechanism"] == "SCRAM-SHA-512")
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-password-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try AtomicFile.write(Data("from a file\n".utf8), to: file)
    #expect(try StreamSecurity(environment: ["MARTLET_STREAM_USER": "me", "MARTLET_STREAM_PASSWORD_FILE": file]).password == "from a file")
  }

  @Test(arguments: [
    ["MARTLET_STREAM_USER": "me"], ["MARTLET_STREAM_PASSWORD": "x"], ["MARTLET_STREAM_MECHANISM": "MD5"], ["MARTLET_STREAM_KEY": "k.pem"],
    ["MARTLET_STREAM_USER": "me", "MARTLET_STREAM_PASSWORD": "x", "MARTLET_STREAM_PASSWORD_FILE": "/y"],
  ])
  func `credentials that do not fit each other are refused`(_ environment: [String: String]) {
    #expect(throws: StreamError.self) { _ = try StreamSecurity(environment: environment) }
  }
}

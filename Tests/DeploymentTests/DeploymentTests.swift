import Foundation
import MartletCore
import Testing

@testable import Deployment

@Suite struct DeploymentTests {
  private static let plan = DeploymentPlan(
    name: "fashion", image: "registry.example/fashion:7", models: ["fashion@production", "boots@3"],
    resources: .init(cpu: "500m", memory: "4Gi", gpus: 1), retrain: "0 3 * * 1")

  @Test(arguments: DeploymentKind.allCases)
  func `every kind names the image, the models and the ports, and has no tabs or trailing blanks`(kind: DeploymentKind) throws {
    let files = try kind.files(Self.plan)
    #expect(!files.isEmpty)
    let all = files.map(\.text).joined()
    switch kind {
    case .docker, .compose, .kubernetes, .kserve:
      for word in ["fashion@production", "boots@3", "8080", "8081"] { #expect(all.contains(word), "\(kind): \(word)") }
    case .helm: #expect(all.contains("registry.example/fashion:7") && all.contains(".Values.image"))
    case .systemd: #expect(all.contains("fashion@production boots@3") && all.contains("127.0.0.1"))
    case .prometheus, .grafana: #expect(all.contains("martlet_http_requests_total"))
    case .github, .gitlab, .jenkins: #expect(all.contains("martlet run martlet.yml") && all.contains("martlet release"))
    }
    for file in files {
      #expect(file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n"))
      for line in file.text.split(separator: "\n") where kind != .docker {
        #expect(!line.contains("\t") && line.last != " ", "\(file.path): '\(line)'")
      }
    }
    #expect(Set(files.map(\.path)).count == files.count)
  }

  @Test func `files that are no templates hold no placeholder, and a cluster's server is locked down`() throws {
    let deployment = try #require(try DeploymentKind.kubernetes.files(Self.plan).first { $0.path.hasSuffix("deployment.yaml") }).text
    for words in [
      "runAsNonRoot: true", "readOnlyRootFilesystem: true", "drop: [ALL]", "allowPrivilegeEscalation: false", "type: RuntimeDefault",
      "automountServiceAccountToken: false", "nvidia.com/gpu: \"1\"", "secretKeyRef", "/v2/health/ready", "terminationGracePeriodSeconds",
    ] { #expect(deployment.contains(words), "\(words)") }
    #expect(!deployment.contains("{{") && !deployment.contains("Optional("))
  }

  @Test func `a chart's values are what the templates ask for`() throws {
    let files = try DeploymentKind.helm.files(Self.plan)
    let templates = files.filter { $0.path.contains("/templates/") }.map(\.text).joined()
    for value in ["image", "replicas.min", "replicas.max", "resources.cpu", "resources.memory", "secrets.registry", "secrets.keys"] {
      #expect(templates.contains(".Values.\(value) ") || templates.contains(".Values.\(value)}}"), "\(value)")
    }
    #expect(!templates.contains("registry.example"))
  }

  @Test func `without a schedule nothing is trained`() throws {
    var plan = Self.plan
    plan.retrain = nil
    let files = try DeploymentKind.kubernetes.files(plan)
    #expect(!files.contains { $0.path.hasSuffix("retrain.yaml") || $0.text.contains("retrain") })
  }

  @Test func `values that would break a file are refused by name`() {
    let bad: [(String, (inout DeploymentPlan) -> Void)] = [
      ("Fashion", { $0.name = "Fashion" }), ("a: b", { $0.name = "a: b" }), ("''", { $0.name = "" }),
      ("latest", { $0.image = "x:latest" }), ("'x'", { $0.image = "x" }), ("\n", { $0.image = "x:1\nRUN evil" }),
      ("m\"]", { $0.models = ["m\"]"] }), ("80", { $0.port = 80 }), ("two ports", { $0.adminPort = $0.port }),
      ("lots", { $0.resources.memory = "lots" }), ("fast", { $0.resources.cpu = "fast" }), ("-1", { $0.resources.gpus = -1 }),
      ("daily", { $0.retrain = "daily" }), ("; rm", { $0.retrain = "0 3 * * 1; rm" }), ("nan", { $0.slowSeconds = .nan }),
      ("0...3", { $0.replicas = 0...3 }),
    ]
    for (words, change) in bad {
      var plan = Self.plan
      change(&plan)
      for kind in DeploymentKind.allCases {
        let error = #expect(throws: ArgumentError.self) { try kind.files(plan) }
        let text = error?.description ?? ""
        #expect(text.contains(words), "\(words): \(text)")
      }
    }
  }
}

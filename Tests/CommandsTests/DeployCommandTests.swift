import Foundation
import Testing

@testable import Commands

@Suite struct DeployCommandTests {
  @Test func `files are written once, kept if equal, never over others`() async throws {
    let folder = try Folder()
    let output = folder.path + "/deploy"
    let first = await martlet("deploy", "docker", "systemd", "--name", "fashion", "--output", output, "--json")
    #expect(first.exitCode == 0, "\(first.notes)")
    #expect(try first.decode(DeployCommand.Written.self).files == ["Dockerfile", ".dockerignore", "systemd/martlet-fashion.service"])
    let second = await martlet("deploy", "docker", "--name", "fashion", "--output", output, "--json")
    #expect(try second.decode(DeployCommand.Written.self).unchanged == ["Dockerfile", ".dockerignore"])
    let other = await martlet("deploy", "--name", "fashion", "--port", "9090", "--output", output)
    #expect(other.exitCode == 1 && other.notes.contains("Dockerfile is there and says something else"))
    #expect(!FileManager.default.fileExists(atPath: output + "/compose.yml"), "a refusal writes nothing")
    #expect(await martlet("deploy", "--name", "fashion", "--port", "9090", "--output", output, "--force").exitCode == 0)
    #expect(try String(contentsOfFile: output + "/Dockerfile", encoding: .utf8).contains("9090"))
  }

  @Test func `a wrong kind and a wrong name say what would be right`() async throws {
    let folder = try Folder()
    let kind = await martlet("deploy", "kubernets", "--name", "a", "--output", folder.path)
    #expect(kind.exitCode == 1 && kind.notes.contains("kubernetes"))
    #expect(await martlet("deploy", "--name", "A_B", "--output", folder.path).exitCode == 1)
    #expect(await martlet("deploy").exitCode == 2)
  }
}

import Bundles
import Foundation
import MartletCore
import Registry
import Testing

@testable import Commands

@Suite struct ExportCommandTests {
  let folder: Folder

  init() throws { folder = try Folder() }

  private func export(_ arguments: String...) async throws -> (outcome: Outcome, place: String) {
    let place = folder.path + "/edge"
    return (
      await martlet("export", "fashion", place, "--edge", "--without-program", arguments.first ?? "--quiet", registry: folder.registry),
      place
    )
  }

  private func replace(_ file: String, _ change: (inout Data) -> Void) throws {
    var data = try Data(contentsOf: URL(fileURLWithPath: file))
    change(&data)
    try data.write(to: URL(fileURLWithPath: file))
  }

  @Test func `a place where no directory can be made is named with the reason`() async throws {
    _ = try folder.register(accuracy: 0.9)
    let outcome = await martlet("export", "fashion", "/proc/x", "--edge", "--without-program", registry: folder.registry)
    #expect(outcome.exitCode == 1 && outcome.notes.hasPrefix("error: /proc/x: cannot be made: "), "\(outcome.notes)")
    #expect(!outcome.notes.contains("NSCocoa") && !outcome.notes.contains("Error Domain"))
  }

  @Test func `a directory holds all that serves the version, and hashes of it`() async throws {
    let version = try folder.register(accuracy: 0.9)
    let (outcome, place) = try await export()
    #expect(outcome.exitCode == ExitStatus.done && outcome.output.hasPrefix("fashion@1 is in \(place): "), "\(outcome.notes)")
    let names = try FileManager.default.contentsOfDirectory(atPath: place).sorted()
    #expect(names == ["README.md", "SHA256SUMS", "bundle", "edge.json", "start"])
    let edge = try EdgeFolder(place, trustedKeys: nil)
    #expect(edge.description.version.reference == version.reference && edge.bundle.digest == version.digest && !edge.description.hasProgram)
    let sums = Process()
    sums.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    sums.arguments = ["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"]
    sums.currentDirectoryURL = URL(fileURLWithPath: place)
    try sums.run()
    sums.waitUntilExit()
    #expect(sums.terminationStatus == 0)
    // What the engine will be asked for.
    let engine = ScriptedEngine()
    #expect(await martlet("serve", "--edge", place, engine: engine).exitCode == ExitStatus.done)
    #expect(engine.asked.serve?.edge == place && engine.asked.serve?.references == [])
    #expect(await martlet("serve", "fashion", "--edge", place, engine: engine).exitCode == ExitStatus.usage)
    // A project counts where somebody names it.
    let project = try folder.project("serve: {port: 9000}\n")
    #expect(await martlet("serve", "--edge", place, "--project", project, engine: engine).exitCode == ExitStatus.done)
    #expect(engine.asked.serve?.port == 9000 && engine.asked.serve?.references == [] && engine.asked.serve?.settings != nil)
    #expect(await martlet("serve", "--edge", place, "--set", "serve.port=9", engine: engine).exitCode == ExitStatus.usage)
  }

  @Test func `what was changed is refused`() async throws {
    try folder.register(accuracy: 0.9)
    let (_, place) = try await export()
    try replace(place + "/bundle/weights.safetensors") { $0[0] ^= 1 }
    #expect(throws: BundleError.self) { _ = try EdgeFolder(place, trustedKeys: nil) }
    try replace(place + "/bundle/weights.safetensors") { $0[0] ^= 1 }
    #expect(throws: Never.self) { _ = try EdgeFolder(place, trustedKeys: nil) }
    // Another version's bundle, whole in itself.
    try folder.register(accuracy: 0.8, seed: 2)
    try FileManager.default.removeItem(atPath: place + "/bundle")
    let registry = try ModelRegistry.open(at: folder.registry)
    try registry.materialise(registry.resolve("fashion@2"), at: place + "/bundle")
    #expect(throws: FileError.self) { _ = try EdgeFolder(place, trustedKeys: nil) }
  }

  @Test func `a list of trusted keys asks for a signature`() async throws {
    try folder.register(accuracy: 0.9)
    let key = await martlet("keys", "sign", folder.path + "/key", "--name", "ann", "--json")
    let line = try #require(try key.json()["publicKey"]?.stringValue)
    let trusted = try folder.write("trusted", line + "\n")
    let (_, unsigned) = try await export()
    #expect(throws: RegistryError.self) { _ = try EdgeFolder(unsigned, trustedKeys: trusted) }
    try FileManager.default.removeItem(atPath: unsigned)
    _ = await martlet("sign", "fashion@1", "--key", folder.path + "/key", registry: folder.registry)
    let (signed, place) = try await export("--json")
    #expect(try signed.json()["isSigned"] == true)
    #expect(throws: Never.self) { _ = try EdgeFolder(place, trustedKeys: trusted) }
    let stranger = await martlet("keys", "sign", folder.path + "/other", "--name", "bob", "--json")
    let others = try folder.write("others", try #require(try stranger.json()["publicKey"]?.stringValue) + "\n")
    #expect(throws: RegistryError.self) { _ = try EdgeFolder(place, trustedKeys: others) }
  }

  @Test func `wrong words are refused`() async throws {
    try folder.register(accuracy: 0.9)
    #expect(await martlet("export", "fashion", registry: folder.registry).exitCode == ExitStatus.usage)
    let (_, place) = try await export()
    let again = await martlet("export", "fashion", place, "--edge", "--without-program", registry: folder.registry)
    #expect(again.exitCode == ExitStatus.failed && again.notes.contains("exists already"))
    #expect(throws: FileError.self) { _ = try EdgeFolder(folder.path, trustedKeys: nil) }
  }

  @Test func `the loader's list names libraries, and not the C library`() throws {
    let text = """
      \tlinux-vdso.so.1 (0x00007ffc)
      \tlibtorch_cpu.so => /opt/some where/libtorch_cpu.so (0x00007f01)
      \tlibstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007f02)
      \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f03)
      \tlibcap.so.2 => /lib/x86_64-linux-gnu/libcap.so.2 (0x00007f04)
      \t/lib64/ld-linux-x86-64.so.2 (0x00007f05)
      """
    #expect(
      try SharedLibraries.paths(in: text, of: "p") == [
        "/opt/some where/libtorch_cpu.so", "/lib/x86_64-linux-gnu/libstdc++.so.6", "/lib/x86_64-linux-gnu/libcap.so.2",
      ])
    #expect(throws: FileError.self) { _ = try SharedLibraries.paths(in: "\tlibx.so => not found\n", of: "p") }
  }
}

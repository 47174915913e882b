import Commands
import Foundation
import MartletCore
import Registry
import Torch

#if canImport(Glibc)
  import Glibc
#endif

/// Looks at the installation and the machine: what was found, whether that is good, and how to mend it.
enum Doctor {
  typealias Check = DoctorReport.Check

  static func examine(_ surroundings: Surroundings) -> DoctorReport {
    DoctorReport(
      checks: torch() + machine() + devices() + files() + [
        registry(surroundings.registry), folder("temporary files", NSTemporaryDirectory()),
      ])
  }

  private static func torch() -> [Check] {
    var checks: [Check] = []
    if TorchLibrary.isConsistent {
      checks.append(Check("libtorch", .good, "\(TorchLibrary.headerVersion), headers and library agree"))
    } else {
      checks.append(
        Check(
          "libtorch", .bad, "compiled with \(TorchLibrary.headerVersion), but another version is loaded",
          remedy: "run scripts/setup, then make build"))
    }
    checks.append(Check("libtorch file", .good, loadedLibrary("libtorch_cpu.so") ?? "linked into the program"))
    checks.append(Check("C++ ABI", TorchLibrary.usesCxx11ABI ? .good : .bad, TorchLibrary.usesCxx11ABI ? "C++11" : "before C++11"))
    do {
      let x = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
      let good = try x.matmul(x).array(of: Float.self) == [7, 10, 15, 22]
      checks.append(
        Check("a matrix product", good ? .good : .bad, good ? "right" : "wrong", remedy: good ? nil : "run scripts/setup again"))
    } catch {
      checks.append(Check("a matrix product", .bad, "\(error)", remedy: "run scripts/setup again"))
    }
    return checks
  }

  private static func machine() -> [Check] {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let memory = Double(ProcessInfo.processInfo.physicalMemory) / Double(1 << 30)
    let capability = TorchLibrary.cpuCapability
    return [
      Check("Martlet", .good, MartletVersion.current),
      Check(
        "processor", capability == "DEFAULT" ? .warning : .good, "\(cores) cores, kernels for \(capability)",
        remedy: capability == "DEFAULT" ? "a processor with AVX2 runs several times faster" : nil),
      Check("threads", .good, "\(TorchThreads.count) per operator"),
      Check("memory", memory < 2 ? .warning : .good, String(format: "%.1f GiB", memory), remedy: memory < 2 ? "2 GiB or more" : nil),
    ]
  }

  /// What the machine has, what libtorch was built for, and what it can use are three things.
  private static func devices() -> [Check] {
    let seen = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/driver/nvidia/gpus"))?.count ?? 0
    let linked = TorchLibrary.hasCUDA, usable = Device.cudaCount
    let text = "\(seen) seen, libtorch \(linked ? "has" : "lacks") CUDA, \(usable) usable"
    if seen > 0 && usable == 0 {
      return [
        Check(
          "GPUs", .warning, text,
          remedy: linked
            ? "check the NVIDIA driver with nvidia-smi" : "set MARTLET_LIBTORCH to a CUDA build of libtorch and run scripts/setup")
      ]
    }
    return [Check("GPUs", .good, text)]
  }

  private static func files() -> [Check] {
    [
      ("chart library", "vega-embed.js", "run scripts/setup; until then reports have tables instead of pictures"),
      ("demo data", "data/fashion-mnist", "scripts/fetch-data fashion-mnist"),
    ].map { name, file, remedy in
      if let path = SharedFiles.path(file) { return Check(name, .good, path) }
      return Check(name, .warning, "not found", remedy: remedy)
    }
  }

  private static func registry(_ path: String) -> Check {
    guard ModelRegistry.mayExist(at: path) else { return folder("registry", path) }
    do throws(RegistryError) {
      let registry = try ModelRegistry.open(at: path, readOnly: true)
      let models = try registry.models()
      let place = folder("registry", path)
      return Check("registry", place.state, "\(place.found), \(models.count) model\(models.count == 1 ? "" : "s")", remedy: place.remedy)
    } catch {
      return Check("registry", .bad, error.problem, remedy: error.remedy ?? "martlet verify says more")
    }
  }

  private static func folder(_ name: String, _ path: String) -> Check {
    var folder = URL(fileURLWithPath: path)
    // The nearest folder that exists decides whether a new one can be made.
    while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" { folder.deleteLastPathComponent() }
    guard access(folder.path, W_OK) == 0 else {
      return Check(name, .bad, "\(path) cannot be written", remedy: "change its permissions, or choose another folder")
    }
    var status = statvfs()
    guard statvfs(folder.path, &status) == 0 else { return Check(name, .good, path) }
    let free = Double(status.f_bavail) * Double(status.f_frsize) / Double(1 << 30)
    return Check(
      name, free < 1 ? .warning : .good, "\(path), \(String(format: "%.1f", free)) GiB free",
      remedy: free < 1 ? "free space on the disk" : nil)
  }

  private static func loadedLibrary(_ name: String) -> String? {
    guard let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8) else { return nil }
    // The path is all that follows the first slash, blanks included.
    guard let line = maps.split(separator: "\n").first(where: { $0.hasSuffix("/" + name) }) else { return nil }
    return line.firstIndex(of: "/").map { String(line[$0...]) }
  }
}

import CTorch

/// What is known about the libtorch that this process runs on.
public enum TorchLibrary {
  /// The version of the headers that the package was compiled with: `2.13.0`.
  public static var headerVersion: String { String(cString: ct_header_version()) }

  /// libtorch's description of its build.
  public static var configuration: String { takeString(ct_show_config()) ?? "" }

  /// libtorch's description of its threads.
  public static var parallelism: String { takeString(ct_parallel_info()) ?? "" }

  /// The instruction set that the kernels use: `AVX2`, `AVX512`, `DEFAULT` …
  public static var cpuCapability: String { String(cString: ct_cpu_capability()) }

  /// Compiled with libstdc++'s C++11 ABI, as libtorch's wheels are.
  public static var usesCxx11ABI: Bool { ct_cxx11_abi() }

  /// The library has NVIDIA support linked in.
  public static var hasCUDA: Bool { ct_built_with_cuda() }

  /// Headers and library are of one version.
  public static var isConsistent: Bool { ct_header_abi() == ct_library_abi() }

  /// - Throws: `TorchError` if the program was compiled against another libtorch than the one that it found at start. Programs call it first.
  public static func check() throws(TorchError) {
    guard isConsistent else {
      throw TorchError(
        .engine, "TorchLibrary.check",
        "compiled with libtorch \(headerVersion) (ABI \(hex(ct_header_abi()))) but running on a library of ABI \(hex(ct_library_abi()))",
        remedy: "run scripts/setup, then build again")
    }
  }

  private static func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}

/// Takes over a malloc'ed C string.
func takeString(_ text: UnsafeMutablePointer<CChar>?) -> String? {
  guard let text else { return nil }
  defer { ct_free(text) }
  return String(cString: text)
}

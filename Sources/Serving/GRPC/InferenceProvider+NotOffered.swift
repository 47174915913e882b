import GRPCCore
import InferenceProtocol

/// Calls that need memory shared with the client, or change how the server logs: answered, so that clients know.
extension InferenceProvider {
  private var notOffered: RPCError {
    RPCError(
      code: .unimplemented, message: "this server shares no memory with clients, and its logs and traces are set where it is started")
  }

  func systemSharedMemoryStatus(request: Inference_NotOffered, context: ServerContext) async throws -> Inference_NotOffered {
    throw notOffered
  }
  func systemSharedMemoryRegister(request: Inference_NotOffered, context: ServerContext) async throws -> Inference_NotOffered {
    throw notOffered
  }
  func systemSharedMemoryUnregister(request: Inference_NotOffered, context: ServerContext) async throws -> Inference_NotOffered {
    throw notOffered
  }
  func cudaSharedMemoryStatus(request: Inference_NotOffered, context: ServerContext) async throws -> Inference_NotOffered {
    throw notOffered
  }
  func cudaSharedMemoryRegister(request: Inference_NotOffered, context: ServerContext) async throws -> Inference_NotOffered {
    throw notOffered
  }
  func cudaSharedMemoryUnregister(request: Inference_NotOffered, context: ServerContext) async throws -> Inference_NotOffered {
    throw notOffered
  }
  func traceSetting(request: Inference_NotOffered, context: ServerContext) async throws -> Inference_NotOffered { throw notOffered }
  func logSettings(request: Inference_NotOffered, context: ServerContext) async throws -> Inference_NotOffered { throw notOffered }
}

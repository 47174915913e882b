@testable import Torch

extension OperatorCases {
  static func addNumeric(to cases: inout [String: Call]) {
    cases["fft_fft"] = { try list($0.x.fft().viewAsReal()) }
    cases["fft_ifft"] = { try list($0.x.viewAsComplex().ifft().viewAsReal()) }
    cases["fft_rfft"] = { try list($0.x.rfft(norm: "ortho").viewAsReal()) }
    cases["fft_irfft"] = { try list($0.x.viewAsComplex().irfft(n: 6)) }
    cases["fft_fft2"] = { try list($0.x.fft2().viewAsReal()) }
    cases["fft_rfftn"] = { try list($0.x.rfftn(dims: [0, 1]).viewAsReal()) }
    cases["fft_fftshift"] = { try list($0.x.fftshift()) }
    cases["stft.center"] = { try list($0.x.stft(nFft: 8, hopLength: 4, center: true, onesided: true, returnComplex: true).viewAsReal()) }
    cases["fake_quantize_per_tensor_affine"] = {
      try list($0.x.fakeQuantizePerTensorAffine(scale: 0.1, zeroPoint: 2, quantMin: -8, quantMax: 7))
    }
    cases["fake_quantize_per_channel_affine"] = {
      try list(
        $0.x.fakeQuantizePerChannelAffine(
          Tensor([0.1, 0.2] as [Float]), Tensor([0, 1] as [Int32]),
          axis: 0, quantMin: -8, quantMax: 7))
    }
    cases["_int_mm"] = { try list($0.x.to(.int8).intMm($0.y.to(.int8))) }
    cases["_weight_int8pack_mm"] = { try list($0.x.to(.bfloat16).weightInt8packMm($0.y.to(.int8), $0.z.to(.bfloat16)).to(.float32)) }
    cases["_foreach_norm.Scalar"] = { try list(Tensor._foreach_norm([$0.x, $0.y])) }
    cases["_foreach_add.List"] = { try list(Tensor._foreach_add([$0.x], [$0.y], alpha: 2)) }
    cases["_foreach_mul.Scalar"] = { try list(Tensor._foreach_mul([$0.x, $0.y], 0.5)) }
    cases["_foreach_div.ScalarList"] = { try list(Tensor._foreach_div([$0.x, $0.y], scalars: [2.0, 4.0])) }
    cases["_foreach_lerp_.Scalar"] = { try list(foreachLerp($0.x, $0.y)) }
    cases["_foreach_addcmul_.Scalar"] = { try list(foreachAddcmul($0.x, $0.y)) }
    cases["_fused_adamw_"] = { try list(fusedAdamW($0.x, $0.y, $0.z, $0.w)) }
    cases["_fused_adam_"] = { try list(fusedAdam($0.x, $0.y, $0.z, $0.w)) }
    cases["_fused_sgd_"] = { try list(fusedSGD($0.x, $0.y, $0.z)) }
    cases["_fused_adagrad_"] = { try list(fusedAdagrad($0.x, $0.y, $0.z)) }
    cases["_amp_foreach_non_finite_check_and_unscale_"] = { try list(unscale($0.x)) }
  }
}

# operators.py: many operators, for the ways in which they take their arguments; what they compute is told.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import torch
from torch import nn
import torch.nn.functional as F


def show(what, *tensors):
    print(what, *(f'{tuple(t.shape)} {t.double().sum().item():.9f}' for t in tensors))


torch.manual_seed(1)
x, y, h = torch.randn(2, 7, 32), torch.randn(2, 7, 32), torch.randn(3, 8)
image, bag = torch.randn(1, 4, 6, 6), nn.EmbeddingBag(30, 8, padding_idx=3)
part = {
    'encoder': nn.TransformerEncoderLayer(32, 4, 64, batch_first=True),
    'lstm': nn.LSTM(32, 16, 2, batch_first=True), 'gru': nn.GRU(32, 16, bidirectional=True),
    'conv1d': nn.Conv1d(7, 8, 3, padding=1), 'group norm': nn.GroupNorm(7, 7), 'batch norm': nn.BatchNorm1d(7),
    'layer norm': nn.LayerNorm([7, 32]), 'gelu': nn.GELU(), 'gelu by tanh': nn.GELU('tanh'), 'mish': nn.Mish(),
    'elu': nn.ELU(), 'leaky': nn.LeakyReLU(0.2), 'prelu': nn.PReLU(), 'softplus': nn.Softplus(2, 10),
    'hardswish': nn.Hardswish(), 'glu': nn.GLU(), 'hardtanh': nn.Hardtanh(-0.5, 0.5), 'softmax': nn.Softmax(1),
}
decoder = nn.TransformerDecoderLayer(32, 4, 64, batch_first=True)
for mode in ('train', 'eval'):
    for name, module in part.items():
        torch.manual_seed(2)
        result = getattr(module, mode)()(x)
        show(f'{name} {mode}', result[0] if isinstance(result, tuple) else result)
    show(f'decoder {mode}', getattr(decoder, mode)()(x, y))
with torch.no_grad():
    show('encoder at once', part['encoder'](x))
    show('attention', F._scaled_dot_product_attention(x, y, y)[0], F._scaled_dot_product_attention(x, y, y, is_causal=True)[0])
show('bag', bag(torch.tensor([[1, 2, 3], [4, 5, 3]])))
show('bilinear', nn.Bilinear(8, 8, 5)(h, h))
show('convolutions', nn.Conv3d(2, 4, 3)(torch.randn(1, 2, 4, 8, 8)), nn.ConvTranspose2d(4, 6, 3, stride=2)(image))
show('instances', nn.InstanceNorm2d(4)(image))

# optional sizes and scales, in every way
for how in ('nearest', 'bilinear', 'bicubic', 'area'):
    align = {'align_corners': True} if how.startswith('bi') else {}
    show(how, F.interpolate(image, size=(4, 5), mode=how, **align))
    show(how, F.interpolate(image, scale_factor=(2.0, 1.5), mode=how, **align, recompute_scale_factor=False))
for scale in (None, 1.5):
    show('scales', torch._C._nn.upsample_bilinear2d(image, (9, 9), False, scale, scale),
         torch._C._nn.upsample_nearest2d(image, (9, 9), scale, scale))
show('pooled', F.max_pool2d(image, 2, ceil_mode=True), F.avg_pool2d(image, 3, divisor_override=2),
     F.avg_pool2d(image, 3, 1, 1, count_include_pad=False), F.adaptive_avg_pool2d(image, 3), F.pixel_shuffle(image, 2))

# numbers, optional numbers, dimensions, lists
show('sums', x.sum(), x.sum(1), x.sum((0, 2), keepdim=True), x.mean((1,)), x.mean(dtype=torch.float64), x.prod(2))
show('spread', x.var(), x.var(1), x.std((0, 1), unbiased=False), torch.var_mean(x, 1)[0], x.norm(), x.norm(3, 1),
     torch.linalg.vector_norm(x, 2, (0, 1)), x.logsumexp((0, 1)))
show('chosen', x.max(), x.max(1)[0], x.argmax(), x.argmax(1, keepdim=True), x.amin((0, 1)), x.topk(3)[0], x.sort(descending=True)[0])
show('pairs', torch.max(x, y), torch.min(x, y), torch.div(x, 0.3, rounding_mode='floor'), torch.div(x, y, rounding_mode='trunc'),
     x.lerp(y, 0.25), torch.addcmul(x, x, y, value=0.5), torch.addcdiv(x, x, y, value=0.5), torch.where(x > 0, x, y), x % 0.7)
show('rounded', x.clamp(-0.5), x.clamp(max=0.5), x.clamp(-0.5, 0.5), x.pow(2), x.pow(3.0), x.abs().sqrt(), x.masked_fill(x > 0, 2.5))
show('moved', torch.stack([h, h]), torch.stack([h, h, h]), torch.cat([h, h, h], 1), h.repeat(2, 3), h.roll((1, 2), (0, 1)),
     h.flip(0), h.gather(1, torch.zeros(3, 1, dtype=torch.long)), h.tril(-1), F.pad(h, (1, 2), value=7.0), h.cumsum(1),
     h.index_select(0, torch.tensor([2, 0])), h.scatter(1, torch.tensor([[0], [1], [2]]), 5.0), h.repeat_interleave(2, 0))
show('products', x @ y.transpose(1, 2), torch.bmm(x, y.transpose(1, 2)), torch.baddbmm(torch.ones(2, 7, 7), x, y.transpose(1, 2), beta=2, alpha=3),
     torch.addmm(h, h @ h.T, h, beta=0.5), torch.mv(h, h[0]), torch.dot(h[0], h[1]), torch.outer(h[0], h[1]), torch.einsum('bik,bjk->ij', x, y))
show('losses', F.cross_entropy(h, torch.tensor([0, 1, 2]), label_smoothing=0.1), F.mse_loss(x, y), F.log_softmax(x, 1),
     F.dropout(x, 0.5, training=False), F.softmax(x, 0, dtype=torch.float64), F.layer_norm(x, (32,)))
show('made', torch.arange(0, 5, 0.5), torch.linspace(0, 1, 7), torch.full((2, 3), 2.5), torch.zeros(3).bernoulli_(0.5), torch.empty(4).uniform_(1, 2),
     torch.empty(4).normal_(3, 0.5), torch.eye(3), torch.ones(2, dtype=torch.bfloat16).to(torch.float32), torch.multinomial(torch.ones(9), 4))

"""A small GPT: causal attention over characters, trained on a text file and asked for more of it.

usage: gpt.py TEXT [--steps 200] [--layers 4] [--heads 4] [--width 128] [--context 64] [--compile]
"""

import argparse
import math

import tenon as torch
import tenon.nn as nn
import tenon.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.heads = heads
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)
        self.dropout = dropout

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        q, k, v = (part.view(B, T, self.heads, C // self.heads).transpose(1, 2)
                   for part in (q, k, v))
        y = F.scaled_dot_product_attention(
            q, k, v, dropout_p=self.dropout if self.training else 0.0, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C))


class Block(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = CausalSelfAttention(width, heads, dropout)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(),
                                 nn.Linear(4 * width, width), nn.Dropout(dropout))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self, vocabulary, context, layers, heads, width, dropout=0.0):
        super().__init__()
        self.context = context
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(vocabulary, width),
            "wpe": nn.Embedding(context, width),
            "h": nn.ModuleList([Block(width, heads, dropout) for _ in range(layers)]),
            "ln_f": nn.LayerNorm(width),
        })
        self.lm_head = nn.Linear(width, vocabulary, bias=False)
        self.transformer.wte.weight = self.lm_head.weight  # one table for both ends
        self.apply(self._init_weights)
        for name, parameter in self.named_parameters():
            if name.endswith("c_proj.weight"):
                nn.init.normal_(parameter, mean=0.0, std=0.02 / math.sqrt(2 * layers))

    def _init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, mean=0.0, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, index, targets=None):
        T = index.size(1)
        x = self.transformer.wte(index) + self.transformer.wpe(torch.arange(T))
        for block in self.transformer.h:
            x = block(x)
        logits = self.lm_head(self.transformer.ln_f(x))
        if targets is None:
            return logits, None
        return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))

    def configure_optimizer(self, lr, weight_decay):
        """Matrices decay; biases and scales don't."""
        parameters = list(self.parameters())
        groups = [
            {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": weight_decay},
            {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.95))

    @torch.no_grad()
    def generate(self, index, count, temperature=1.0, top_k=None):
        self.eval()
        for _ in range(count):
            logits, _ = self(index[:, -self.context:])
            logits = logits[:, -1, :] / temperature
            if top_k is not None:
                kept, _ = torch.topk(logits, min(top_k, logits.size(-1)))
                logits[logits < kept[:, [-1]]] = -float("inf")
            following = torch.multinomial(F.softmax(logits, dim=-1), num_samples=1)
            index = torch.cat((index, following), dim=1)
        self.train()
        return index


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", help="a text file to learn from")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--context", type=int, default=64)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--generate", type=int, default=200, help="characters to write at the end")
    parser.add_argument("--compile", action="store_true", help="compile the training step")
    options = parser.parse_args(arguments)

    torch.manual_seed(1337)
    with open(options.text, encoding="utf-8") as file:
        text = file.read()
    characters = sorted(set(text))
    number_of = {character: i for i, character in enumerate(characters)}
    data = torch.tensor([number_of[character] for character in text], dtype=torch.long)

    model = GPT(len(characters), options.context, options.layers, options.heads, options.width)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters")
    optimizer = model.configure_optimizer(lr=1e-3, weight_decay=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=options.steps,
                                                           eta_min=1e-4)

    def get_batch():
        starts = torch.randint(len(data) - options.context - 1, (options.batch,))
        x = torch.stack([data[i:i + options.context] for i in starts])
        y = torch.stack([data[i + 1:i + 1 + options.context] for i in starts])
        return x, y

    def train_step(x, y):
        _, loss = model(x, y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss

    if options.compile:
        train_step = torch.compile(train_step)
    losses = []
    for step in range(options.steps):
        loss = train_step(*get_batch())
        scheduler.step()
        losses.append(loss.item())
        if step % 20 == 0 or step == options.steps - 1:
            print(f"step {step}: loss {losses[-1]:.4f}, lr {scheduler.get_last_lr()[0]:.2e}")
    if options.generate:
        start = torch.zeros((1, 1), dtype=torch.long)
        written = model.generate(start, options.generate, temperature=0.8, top_k=20)
        print("".join(characters[i] for i in written[0].tolist()))
    return losses


if __name__ == "__main__":
    main()

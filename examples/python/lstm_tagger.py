"""An LSTM that tags the words of sentences as determiner, noun or verb.

usage: lstm_tagger.py [--epochs 100]
"""

import argparse

import tenon as torch
import tenon.nn as nn
import tenon.nn.functional as F
import tenon.optim as optim

training_data = [
    ("The dog ate the apple".split(), ["DET", "NN", "V", "DET", "NN"]),
    ("Everybody read that book".split(), ["NN", "V", "DET", "NN"]),
    ("The cat saw the dog".split(), ["DET", "NN", "V", "DET", "NN"]),
]


def prepare_sequence(seq, to_ix):
    return torch.tensor([to_ix[w] for w in seq], dtype=torch.long)


class LSTMTagger(nn.Module):
    def __init__(self, embedding_dim, hidden_dim, vocab_size, tagset_size):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.word_embeddings = nn.Embedding(vocab_size, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim)
        self.hidden2tag = nn.Linear(hidden_dim, tagset_size)

    def forward(self, sentence):
        embeds = self.word_embeddings(sentence)
        lstm_out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
        tag_space = self.hidden2tag(lstm_out.view(len(sentence), -1))
        return F.log_softmax(tag_space, dim=1)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=100)
    options = parser.parse_args(arguments)

    torch.manual_seed(1)
    word_to_ix = {}
    for sentence, _ in training_data:
        for word in sentence:
            word_to_ix.setdefault(word, len(word_to_ix))
    tag_to_ix = {"DET": 0, "NN": 1, "V": 2}
    model = LSTMTagger(6, 6, len(word_to_ix), len(tag_to_ix))
    loss_function = nn.NLLLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for epoch in range(options.epochs):
        total = 0.0
        for sentence, tags in training_data:
            model.zero_grad()
            tag_scores = model(prepare_sequence(sentence, word_to_ix))
            loss = loss_function(tag_scores, prepare_sequence(tags, tag_to_ix))
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(training_data))
        if epoch % 20 == 0 or epoch == options.epochs - 1:
            print(f"epoch {epoch}: loss {losses[-1]:.4f}")
    with torch.no_grad():
        tag_names = list(tag_to_ix)
        for sentence, _ in training_data:
            scores = model(prepare_sequence(sentence, word_to_ix))
            tags = [tag_names[i] for i in scores.argmax(dim=1).tolist()]
            print(" ".join(f"{word}/{tag}" for word, tag in zip(sentence, tags)))
    return losses


if __name__ == "__main__":
    main()

"""REINFORCE (Williams 1992) learns to balance a pole on a cart, in an environment of its own.

usage: policy_gradient.py [--episodes 300]
"""

import argparse
import math
import random
from collections import deque

import tenon as torch
import tenon.nn as nn
import tenon.nn.functional as F
import tenon.optim as optim


class CartPole:
    """The cart-pole of Barto, Sutton and Anderson (1983): metres, radians, steps of 20 ms."""

    GRAVITY, CART, POLE, HALF_LENGTH, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02

    def __init__(self, seed, longest=200):
        self.random, self.longest = random.Random(seed), longest

    def reset(self):
        self.state = [self.random.uniform(-0.05, 0.05) for _ in range(4)]
        self.steps = 0
        return self.state

    def step(self, action):
        x, speed, angle, turning = self.state
        force = self.FORCE if action == 1 else -self.FORCE
        mass, moment = self.CART + self.POLE, self.POLE * self.HALF_LENGTH
        push = (force + moment * turning**2 * math.sin(angle)) / mass
        bend = (self.GRAVITY * math.sin(angle) - math.cos(angle) * push) / (
            self.HALF_LENGTH * (4 / 3 - self.POLE * math.cos(angle) ** 2 / mass))
        pull = push - moment * bend * math.cos(angle) / mass
        self.state = [x + self.SECONDS * speed, speed + self.SECONDS * pull,
                      angle + self.SECONDS * turning, turning + self.SECONDS * bend]
        self.steps += 1
        fell = abs(self.state[0]) > 2.4 or abs(self.state[2]) > 12 * math.pi / 180
        return self.state, 1.0, fell or self.steps >= self.longest


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(4, 64)
        self.dropout = nn.Dropout(p=0.1)
        self.affine2 = nn.Linear(64, 2)
        self.saved_log_probs = []
        self.rewards = []

    def forward(self, x):
        x = F.relu(self.dropout(self.affine1(x)))
        return F.log_softmax(self.affine2(x), dim=1)


def select_action(policy, state):
    log_probs = policy(torch.tensor(state).unsqueeze(0))
    action = torch.multinomial(log_probs.exp(), 1)
    policy.saved_log_probs.append(log_probs.gather(1, action))
    return action.item()


def finish_episode(policy, optimizer, gamma=0.99):
    R, returns = 0.0, deque()
    for r in policy.rewards[::-1]:
        R = r + gamma * R
        returns.appendleft(R)
    returns = torch.tensor(list(returns))
    returns = (returns - returns.mean()) / (returns.std() + torch.finfo(torch.float32).eps)
    policy_loss = []
    for log_prob, R in zip(policy.saved_log_probs, returns):
        policy_loss.append((-log_prob * R).view(1))
    optimizer.zero_grad()
    policy_loss = torch.cat(policy_loss).sum()
    policy_loss.backward()
    optimizer.step()
    del policy.rewards[:]
    del policy.saved_log_probs[:]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=300)
    options = parser.parse_args(arguments)

    torch.manual_seed(543)
    env, policy = CartPole(seed=543), Policy()
    optimizer = optim.Adam(policy.parameters(), lr=1e-2)
    lengths = []
    for episode in range(options.episodes):
        state, done = env.reset(), False
        while not done:
            state, reward, done = env.step(select_action(policy, state))
            policy.rewards.append(reward)
        lengths.append(len(policy.rewards))
        finish_episode(policy, optimizer)
        if episode % 20 == 0:
            recent = lengths[-20:]
            print(f"episode {episode}: balanced for {sum(recent) / len(recent):.1f} steps")
    return lengths


if __name__ == "__main__":
    main()

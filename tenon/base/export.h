#pragma once

// Marks what leaves libtenon; everything else has hidden visibility.
#define TENON_API __attribute__((visibility("default")))

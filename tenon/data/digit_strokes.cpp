#include "tenon/data/digit_strokes_internal.h"

namespace tenon::data {
namespace {

constexpr StrokePoint kDigit0Style0Stroke0[] = {{0.5f, 0.02f}, {0.22f, 0.12f}, {0.12f, 0.45f},
                                                {0.2f, 0.82f}, {0.48f, 0.98f}, {0.78f, 0.84f},
                                                {0.88f, 0.5f}, {0.78f, 0.15f}, {0.52f, 0.02f}};
constexpr Stroke kDigit0Style0[] = {kDigit0Style0Stroke0};
constexpr StrokePoint kDigit0Style1Stroke0[] = {
    {0.62f, 0.05f}, {0.35f, 0.08f}, {0.16f, 0.35f}, {0.18f, 0.72f}, {0.4f, 0.96f},
    {0.68f, 0.9f},  {0.86f, 0.6f},  {0.8f, 0.22f},  {0.55f, 0.06f}, {0.42f, 0.14f}};
constexpr Stroke kDigit0Style1[] = {kDigit0Style1Stroke0};
constexpr DigitStyle kDigit0[] = {kDigit0Style0, kDigit0Style1};

constexpr StrokePoint kDigit1Style0Stroke0[] = {
    {0.5f, 0.02f}, {0.5f, 0.35f}, {0.5f, 0.68f}, {0.5f, 0.98f}};
constexpr Stroke kDigit1Style0[] = {kDigit1Style0Stroke0};
constexpr StrokePoint kDigit1Style1Stroke0[] = {{0.3f, 0.22f}, {0.42f, 0.12f}, {0.54f, 0.02f}};
constexpr StrokePoint kDigit1Style1Stroke1[] = {{0.54f, 0.02f}, {0.53f, 0.5f}, {0.52f, 0.98f}};
constexpr Stroke kDigit1Style1[] = {kDigit1Style1Stroke0, kDigit1Style1Stroke1};
constexpr StrokePoint kDigit1Style2Stroke0[] = {{0.28f, 0.25f}, {0.4f, 0.14f}, {0.52f, 0.02f}};
constexpr StrokePoint kDigit1Style2Stroke1[] = {{0.52f, 0.02f}, {0.52f, 0.5f}, {0.52f, 0.97f}};
constexpr StrokePoint kDigit1Style2Stroke2[] = {{0.28f, 0.97f}, {0.52f, 0.97f}, {0.76f, 0.97f}};
constexpr Stroke kDigit1Style2[] = {kDigit1Style2Stroke0, kDigit1Style2Stroke1,
                                    kDigit1Style2Stroke2};
constexpr DigitStyle kDigit1[] = {kDigit1Style0, kDigit1Style1, kDigit1Style2};

constexpr StrokePoint kDigit2Style0Stroke0[] = {{0.16f, 0.24f}, {0.28f, 0.06f}, {0.54f, 0.02f},
                                                {0.78f, 0.14f}, {0.78f, 0.36f}, {0.58f, 0.6f},
                                                {0.34f, 0.8f},  {0.14f, 0.96f}};
constexpr StrokePoint kDigit2Style0Stroke1[] = {
    {0.14f, 0.96f}, {0.4f, 0.94f}, {0.64f, 0.95f}, {0.88f, 0.95f}};
constexpr Stroke kDigit2Style0[] = {kDigit2Style0Stroke0, kDigit2Style0Stroke1};
constexpr StrokePoint kDigit2Style1Stroke0[] = {
    {0.18f, 0.26f}, {0.32f, 0.05f}, {0.62f, 0.04f}, {0.8f, 0.22f},  {0.7f, 0.48f},  {0.46f, 0.76f},
    {0.24f, 0.93f}, {0.12f, 0.86f}, {0.22f, 0.76f}, {0.42f, 0.86f}, {0.66f, 0.97f}, {0.9f, 0.9f}};
constexpr Stroke kDigit2Style1[] = {kDigit2Style1Stroke0};
constexpr DigitStyle kDigit2[] = {kDigit2Style0, kDigit2Style1};

constexpr StrokePoint kDigit3Style0Stroke0[] = {{0.18f, 0.12f}, {0.42f, 0.02f}, {0.7f, 0.08f},
                                                {0.76f, 0.26f}, {0.62f, 0.43f}, {0.42f, 0.48f}};
constexpr StrokePoint kDigit3Style0Stroke1[] = {{0.42f, 0.48f}, {0.68f, 0.53f}, {0.84f, 0.7f},
                                                {0.74f, 0.9f},  {0.46f, 0.98f}, {0.16f, 0.88f}};
constexpr Stroke kDigit3Style0[] = {kDigit3Style0Stroke0, kDigit3Style0Stroke1};
constexpr StrokePoint kDigit3Style1Stroke0[] = {{0.2f, 0.06f}, {0.5f, 0.04f}, {0.8f, 0.06f}};
constexpr StrokePoint kDigit3Style1Stroke1[] = {{0.8f, 0.06f}, {0.62f, 0.24f}, {0.44f, 0.4f}};
constexpr StrokePoint kDigit3Style1Stroke2[] = {{0.44f, 0.4f}, {0.72f, 0.46f}, {0.84f, 0.68f},
                                                {0.7f, 0.92f}, {0.42f, 0.98f}, {0.16f, 0.88f}};
constexpr Stroke kDigit3Style1[] = {kDigit3Style1Stroke0, kDigit3Style1Stroke1,
                                    kDigit3Style1Stroke2};
constexpr DigitStyle kDigit3[] = {kDigit3Style0, kDigit3Style1};

constexpr StrokePoint kDigit4Style0Stroke0[] = {{0.24f, 0.04f}, {0.2f, 0.24f}, {0.16f, 0.48f}};
constexpr StrokePoint kDigit4Style0Stroke1[] = {
    {0.16f, 0.5f}, {0.4f, 0.52f}, {0.64f, 0.5f}, {0.88f, 0.48f}};
constexpr StrokePoint kDigit4Style0Stroke2[] = {
    {0.72f, 0.04f}, {0.7f, 0.34f}, {0.68f, 0.66f}, {0.66f, 0.98f}};
constexpr Stroke kDigit4Style0[] = {kDigit4Style0Stroke0, kDigit4Style0Stroke1,
                                    kDigit4Style0Stroke2};
constexpr StrokePoint kDigit4Style1Stroke0[] = {
    {0.66f, 0.02f}, {0.48f, 0.22f}, {0.28f, 0.44f}, {0.12f, 0.62f}};
constexpr StrokePoint kDigit4Style1Stroke1[] = {
    {0.12f, 0.64f}, {0.4f, 0.64f}, {0.66f, 0.64f}, {0.92f, 0.62f}};
constexpr StrokePoint kDigit4Style1Stroke2[] = {
    {0.66f, 0.02f}, {0.66f, 0.34f}, {0.66f, 0.66f}, {0.66f, 0.98f}};
constexpr Stroke kDigit4Style1[] = {kDigit4Style1Stroke0, kDigit4Style1Stroke1,
                                    kDigit4Style1Stroke2};
constexpr DigitStyle kDigit4[] = {kDigit4Style0, kDigit4Style1};

constexpr StrokePoint kDigit5Style0Stroke0[] = {{0.82f, 0.04f}, {0.56f, 0.05f}, {0.28f, 0.06f}};
constexpr StrokePoint kDigit5Style0Stroke1[] = {{0.28f, 0.06f}, {0.25f, 0.24f}, {0.22f, 0.44f}};
constexpr StrokePoint kDigit5Style0Stroke2[] = {{0.22f, 0.44f}, {0.48f, 0.36f}, {0.76f, 0.46f},
                                                {0.82f, 0.7f},  {0.66f, 0.92f}, {0.38f, 0.98f},
                                                {0.14f, 0.88f}};
constexpr Stroke kDigit5Style0[] = {kDigit5Style0Stroke0, kDigit5Style0Stroke1,
                                    kDigit5Style0Stroke2};
constexpr StrokePoint kDigit5Style1Stroke0[] = {
    {0.84f, 0.06f}, {0.6f, 0.04f}, {0.36f, 0.08f}, {0.28f, 0.26f}, {0.26f, 0.42f}, {0.52f, 0.42f},
    {0.76f, 0.54f}, {0.8f, 0.76f}, {0.6f, 0.95f},  {0.34f, 0.97f}, {0.16f, 0.86f}};
constexpr Stroke kDigit5Style1[] = {kDigit5Style1Stroke0};
constexpr DigitStyle kDigit5[] = {kDigit5Style0, kDigit5Style1};

constexpr StrokePoint kDigit6Style0Stroke0[] = {
    {0.68f, 0.03f}, {0.42f, 0.16f}, {0.24f, 0.42f}, {0.18f, 0.7f},  {0.3f, 0.92f}, {0.54f, 0.98f},
    {0.76f, 0.86f}, {0.78f, 0.66f}, {0.6f, 0.53f},  {0.38f, 0.57f}, {0.22f, 0.74f}};
constexpr Stroke kDigit6Style0[] = {kDigit6Style0Stroke0};
constexpr StrokePoint kDigit6Style1Stroke0[] = {
    {0.56f, 0.02f}, {0.34f, 0.28f}, {0.22f, 0.56f}, {0.24f, 0.84f}, {0.46f, 0.98f},
    {0.7f, 0.9f},   {0.76f, 0.7f},  {0.58f, 0.58f}, {0.36f, 0.64f}, {0.25f, 0.8f}};
constexpr Stroke kDigit6Style1[] = {kDigit6Style1Stroke0};
constexpr DigitStyle kDigit6[] = {kDigit6Style0, kDigit6Style1};

constexpr StrokePoint kDigit7Style0Stroke0[] = {
    {0.14f, 0.07f}, {0.4f, 0.06f}, {0.64f, 0.05f}, {0.86f, 0.05f}};
constexpr StrokePoint kDigit7Style0Stroke1[] = {
    {0.86f, 0.05f}, {0.7f, 0.34f}, {0.54f, 0.66f}, {0.42f, 0.98f}};
constexpr Stroke kDigit7Style0[] = {kDigit7Style0Stroke0, kDigit7Style0Stroke1};
constexpr StrokePoint kDigit7Style1Stroke0[] = {{0.14f, 0.07f}, {0.5f, 0.05f}, {0.86f, 0.06f}};
constexpr StrokePoint kDigit7Style1Stroke1[] = {
    {0.86f, 0.06f}, {0.66f, 0.4f}, {0.5f, 0.7f}, {0.4f, 0.98f}};
constexpr StrokePoint kDigit7Style1Stroke2[] = {{0.32f, 0.52f}, {0.52f, 0.5f}, {0.76f, 0.48f}};
constexpr Stroke kDigit7Style1[] = {kDigit7Style1Stroke0, kDigit7Style1Stroke1,
                                    kDigit7Style1Stroke2};
constexpr StrokePoint kDigit7Style2Stroke0[] = {
    {0.16f, 0.2f}, {0.18f, 0.06f}, {0.5f, 0.07f}, {0.84f, 0.05f}};
constexpr StrokePoint kDigit7Style2Stroke1[] = {
    {0.84f, 0.05f}, {0.74f, 0.26f}, {0.6f, 0.56f}, {0.54f, 0.98f}};
constexpr Stroke kDigit7Style2[] = {kDigit7Style2Stroke0, kDigit7Style2Stroke1};
constexpr DigitStyle kDigit7[] = {kDigit7Style0, kDigit7Style1, kDigit7Style2};

constexpr StrokePoint kDigit8Style0Stroke0[] = {
    {0.72f, 0.13f}, {0.5f, 0.02f},  {0.26f, 0.12f}, {0.28f, 0.32f}, {0.52f, 0.47f},
    {0.76f, 0.64f}, {0.76f, 0.88f}, {0.5f, 0.98f},  {0.22f, 0.88f}, {0.24f, 0.66f},
    {0.5f, 0.48f},  {0.72f, 0.32f}, {0.74f, 0.16f}};
constexpr Stroke kDigit8Style0[] = {kDigit8Style0Stroke0};
constexpr StrokePoint kDigit8Style1Stroke0[] = {{0.5f, 0.02f}, {0.3f, 0.1f},   {0.28f, 0.34f},
                                                {0.5f, 0.46f}, {0.72f, 0.34f}, {0.7f, 0.1f},
                                                {0.52f, 0.02f}};
constexpr StrokePoint kDigit8Style1Stroke1[] = {{0.5f, 0.46f}, {0.24f, 0.6f}, {0.2f, 0.86f},
                                                {0.5f, 0.98f}, {0.8f, 0.86f}, {0.76f, 0.6f},
                                                {0.52f, 0.46f}};
constexpr Stroke kDigit8Style1[] = {kDigit8Style1Stroke0, kDigit8Style1Stroke1};
constexpr DigitStyle kDigit8[] = {kDigit8Style0, kDigit8Style1};

constexpr StrokePoint kDigit9Style0Stroke0[] = {{0.76f, 0.2f}, {0.58f, 0.04f}, {0.34f, 0.08f},
                                                {0.2f, 0.28f}, {0.32f, 0.48f}, {0.56f, 0.46f},
                                                {0.74f, 0.26f}};
constexpr StrokePoint kDigit9Style0Stroke1[] = {
    {0.76f, 0.2f}, {0.74f, 0.48f}, {0.7f, 0.74f}, {0.64f, 0.98f}};
constexpr Stroke kDigit9Style0[] = {kDigit9Style0Stroke0, kDigit9Style0Stroke1};
constexpr StrokePoint kDigit9Style1Stroke0[] = {
    {0.74f, 0.16f}, {0.5f, 0.02f}, {0.26f, 0.14f}, {0.22f, 0.38f}, {0.42f, 0.5f}, {0.66f, 0.4f},
    {0.78f, 0.18f}, {0.8f, 0.5f},  {0.72f, 0.84f}, {0.5f, 0.97f},  {0.26f, 0.9f}};
constexpr Stroke kDigit9Style1[] = {kDigit9Style1Stroke0};
constexpr DigitStyle kDigit9[] = {kDigit9Style0, kDigit9Style1};

constexpr std::span<const DigitStyle> kDigits[] = {kDigit0, kDigit1, kDigit2, kDigit3, kDigit4,
                                                   kDigit5, kDigit6, kDigit7, kDigit8, kDigit9};

}  // namespace

std::span<const DigitStyle> digit_styles(int digit) { return kDigits[digit]; }

}  // namespace tenon::data

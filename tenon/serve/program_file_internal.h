#pragma once

#include <string_view>

// The keys of a program in a safetensors file's metadata, beside `kProgramKey`.
namespace tenon::serve {

inline constexpr std::string_view kInputsKey = "tenon.program.inputs";  ///< names, a line each
inline constexpr std::string_view kVersionKey = "tenon.program.version";
/// Of the text: files of earlier versions load, those of later ones are an error.
inline constexpr int kProgramVersion = 1;

}  // namespace tenon::serve

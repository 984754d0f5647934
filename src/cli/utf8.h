#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ami::cli {

// The length (1 to 4) of the well-formed UTF-8 sequence at the start of bytes; 0 if there is none.
size_t sequence_length(std::string_view bytes);

// Any bytes as UTF-8 that can be turned back: a byte that is not part of well-formed UTF-8 becomes the
// private-use character U+EF00 + byte (U+EF80 to U+EFFF), and so does each byte of such a character that was
// in the text already. To restore: each U+EF80 to U+EFFF is one byte, its code point's last two hexadecimal
// digits.
std::string restorable(std::string_view bytes);
std::string restored(std::string_view text);

// How many columns a terminal gives a well-formed text: two to a wide character, none to one that joins
// another.
size_t columns(std::string_view text);

// A well-formed text in exactly so many columns: filled with blanks, or cut, with an ellipsis.
std::string fitted(std::string_view text, size_t width, bool to_the_right = false);

// For eyes: control characters and bytes that are not UTF-8 as \n, \r, \t or \xNN, so that nothing in a
// message can command the terminal. Characters of keep stay as they are.
std::string visible(std::string_view bytes, std::string_view keep = {});

}  // namespace ami::cli

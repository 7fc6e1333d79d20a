#include "simulate/claim_text.h"

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>

#include "simulate/codes.h"
#include "simulate/draw.h"

namespace weir::simulate {
namespace {

constexpr std::string_view noise =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789|\\";

void append_noise(std::string& out, Draws& draws, std::int64_t size) {
    for (std::int64_t written = 0; written < size; written += 10) {
        std::uint64_t bits = draws.next();
        for (int digit = 0; digit < 10; ++digit, bits >>= 6U) {
            out += noise[bits & 63U];
        }
    }
}

void append_sentence(std::string& out, Draws& draws) {
    const std::int64_t words = draws.between(3, 20);
    for (std::int64_t word = 0; word < words; ++word) {
        out += out.empty() ? "" : " ";
        out += draws.pick(note_words);
    }
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    out += '"';
}

void append_items(std::string& out, Draws& draws) {
    out += "\"items\": [";
    const std::int64_t count = draws.below(3);
    for (std::int64_t item = 0; item < count; ++item) {
        fmt::format_to(std::back_inserter(out), "{}{{\"no\": {}, \"kind\": \"{}\", \"final\": {}}}",
                       item == 0 ? "" : ", ", item + 1, draws.pick(document_sources),
                       draws.chance(500) ? "true" : "null");
    }
    out += "], ";
}

}  // namespace

void add_note(Row& row, std::uint64_t seed, std::int64_t claim, std::uint32_t version) {
    Draws draws(seed, Stream::note, claim, version);
    static thread_local std::string text;
    text.clear();
    const std::int64_t kind = draws.below(1000);
    if (kind < 300) {
        row.null();
        return;
    }
    if (kind < 310) {
        append_noise(text, draws, draws.between(8300, 12000));
    } else if (kind >= 350) {
        append_sentence(text, draws);
    }
    row.text(text);
}

void add_attachments(Row& row, std::uint64_t seed, std::int64_t claim, std::uint32_t version) {
    Draws draws(seed, Stream::attachments, claim, version);
    const std::int64_t kind = draws.below(100);
    if (kind < 50) {
        row.null();
        return;
    }
    if (kind < 55) {
        row.text("{}");
        return;
    }
    static thread_local std::string text;
    text.clear();
    text += '{';
    append_items(text, draws);
    fmt::format_to(std::back_inserter(text), "\"pages\": {}, ", draws.between(1, 40));
    text += "\"remark\": ";
    append_json_string(text, draws.pick(remarks));
    fmt::format_to(std::back_inserter(text), ", \"source\": \"{}\", \"document_id\": \"D{:08}\"}}",
                   draws.pick(document_sources), draws.below(100'000'000));
    row.text(text);
}

}  // namespace weir::simulate

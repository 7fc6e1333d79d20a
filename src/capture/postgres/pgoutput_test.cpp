// Goal: the messages of logical replication read as PostgreSQL's manual writes them, and bytes that
// are none are refused, wherever they break off.
// Method: messages written by hand from "Logical Replication Message Formats".
#include "capture/postgres/pgoutput.h"

#include <gtest/gtest.h>

#include <string>

#include "base/byte_text.h"
#include "base/result_matchers.h"

namespace weir::capture::postgres {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

const std::string begin = "B\0\0\0\x01\0\0\x10\0\0\0\0\0\0\0\0\x01\0\0\0\x07"s;
const std::string relation = "R\0\0\x40\0claims\0claim\0d\0\x01\x01id\0\0\0\0\x17\xff\xff\xff\xff"s;
const std::string insert =
    "I\0\0\x40\0N\0\x03n"
    "u"
    "b\0\0\0\x02\x01\x02"s;
const std::string update =
    "U\0\0\x40\0K\0\x01t\0\0\0\x01"
    "1N\0\x01t\0\0\0\x01"
    "2"s;
const std::string removal =
    "D\0\0\x40\0O\0\x01t\0\0\0\x01"
    "1"s;
const std::string truncate = "T\0\0\0\x02\x01\0\0\x40\0\0\0\x40\x01"s;
const std::string type_name =
    "Y\0\0\x40\x01"
    "claims\0state\0"s;
const std::string logical_message = "M\x01\0\0\0\0\0\0\x10\0weir.shape\0\0\0\0\x02{}"s;
const std::string stream_start = "S\0\0\0\x09\x01"s;
const std::string stream_abort = "A\0\0\0\x09\0\0\0\x0a"s;

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

/// Parses any message and keeps nothing of it.
Status parse(const std::string& bytes) {
    Tuples tuples;
    if (is_row_change(bytes_of(bytes))) {
        TRY(parse_row_change(bytes_of(bytes), tuples));
    } else {
        TRY(parse_message(bytes_of(bytes)));
    }
    return {};
}

template <typename Kind>
Kind parsed(const std::string& bytes) {
    auto message = parse_message(bytes_of(bytes));
    EXPECT_TRUE(message.has_value());
    return message ? std::get<Kind>(*message) : Kind{};
}

RowChange parsed_row(const std::string& bytes, Tuples& tuples) {
    auto change = parse_row_change(bytes_of(bytes), tuples);
    EXPECT_TRUE(change.has_value());
    return change.value_or(RowChange{});
}

TEST(Pgoutput, ReadsABegin) {
    const auto message = parsed<Begin>(begin);
    EXPECT_EQ(message.commit_position.to_string(), "1/1000");
    EXPECT_EQ(message.commit_time.time_since_epoch().count(), 946'684'800'000'001);
    EXPECT_EQ(message.transaction, 7U);
}

TEST(Pgoutput, ReadsTheNameOfAType) {
    const auto message = parsed<TypeName>(type_name);
    EXPECT_EQ(message.type, TypeOid{16'385});
    EXPECT_EQ(message.schema, "claims");
    EXPECT_EQ(message.name, "state");
}

TEST(Pgoutput, ReadsARelation) {
    const auto message = parsed<Relation>(relation);
    EXPECT_EQ(message.id, RelationId{16'384});
    EXPECT_EQ(message.schema, "claims");
    EXPECT_EQ(message.table, "claim");
    ASSERT_EQ(message.columns.size(), 1U);
    EXPECT_TRUE(message.columns[0].in_key);
    EXPECT_EQ(message.columns[0].name, "id");
    EXPECT_EQ(message.columns[0].type, TypeOid{23});
    EXPECT_EQ(message.columns[0].type_modifier, -1);
}

TEST(Pgoutput, ReadsRowsOldAndNew) {
    Tuples tuples;
    EXPECT_EQ(parsed_row(insert, tuples).relation, RelationId{16'384});
    ASSERT_EQ(tuples.new_tuple.size(), 3U);
    EXPECT_EQ(tuples.new_tuple[0].state, TupleValue::State::null);
    EXPECT_EQ(tuples.new_tuple[1].state, TupleValue::State::unchanged);
    EXPECT_EQ(tuples.new_tuple[2].state, TupleValue::State::binary);
    EXPECT_EQ(tuples.new_tuple[2].bytes.size(), 2U);
    EXPECT_EQ(parsed_row(update, tuples).old_kind, 'K');
    EXPECT_EQ(tuples.old_tuple.size(), 1U);
    EXPECT_EQ(tuples.new_tuple.size(), 1U);
    EXPECT_EQ(parsed_row(removal, tuples).old_kind, 'O');
    EXPECT_EQ(parsed<Truncate>(truncate).relations.size(), 2U);
}

TEST(Pgoutput, ReadsTheFrameOfAStreamedTransaction) {
    EXPECT_EQ(parsed<StreamStart>(stream_start).transaction, 9U);
    const auto aborted = parsed<StreamAbort>(stream_abort);
    EXPECT_EQ(aborted.transaction, 9U);
    EXPECT_EQ(aborted.subtransaction, 10U);
    parsed<StreamStop>("E");
}

TEST(Pgoutput, ReadsAMessageOfSomebodysOwn) {
    const auto message = parsed<LogicalMessage>(logical_message);
    EXPECT_TRUE(message.transactional);
    EXPECT_EQ(message.prefix, "weir.shape");
    EXPECT_EQ(as_text(message.content), "{}");
}

TEST(Pgoutput, RefusesEveryMessageThatBreaksOffOrGoesOn) {
    for (const std::string& whole : {begin, relation, insert, update, removal, truncate,
                                     logical_message, stream_start, stream_abort}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            EXPECT_THAT(parse(whole.substr(0, size)), IsError(ErrorKind::corrupt))
                << whole[0] << size;
        }
        EXPECT_THAT(parse(whole + "x"),
                    IsError(ErrorKind::corrupt, HasSubstr("bytes after its end")));
    }
}

TEST(Pgoutput, RefusesUnknownMessagesAndStates) {
    EXPECT_THAT(parse("?"), IsError(ErrorKind::corrupt, HasSubstr("unknown message")));
    EXPECT_THAT(parse("I\0\0\x40\0N\0\x01z"s),
                IsError(ErrorKind::corrupt, HasSubstr("unknown state")));
    EXPECT_THAT(parse("D\0\0\x40\0N\0\0"s), IsError(ErrorKind::corrupt, HasSubstr("no old row")));
}

}  // namespace
}  // namespace weir::capture::postgres

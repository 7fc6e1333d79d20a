// Goal: a value lands the same from the snapshot, from a binary stream and from a text stream, and
// is the value that docs/types.md promises.
// Method: one table with a column of every documented type. Random rows (made by the server from a
// seed) and the ends of each type's range go through all three ways.
#include <arrow/util/decimal.h>
#include <gmock/gmock.h>

#include "capture/postgres/capture_fixture.h"

namespace weir::capture::postgres {
namespace {

using ::testing::HasSubstr;

class TypesTest : public CaptureTest {
protected:
    void make_table() const {
        run("CREATE TYPE claims.state AS ENUM ('open', 'paid');"
            "CREATE DOMAIN claims.money AS numeric(20,4);"
            "CREATE TABLE claims.typed (id int PRIMARY KEY, b boolean, i2 smallint, i8 bigint, "
            "r real, d double precision, n numeric(12,2), big numeric(38,10), free numeric, "
            "wide numeric(60,2), t text, v varchar(20), c char(6), s claims.state, m claims.money, "
            "j json, jb jsonb, u uuid, y bytea, day date, tm time, ts timestamp, tz timestamptz)");
    }

    /// The rows' after images, in the order of their id.
    static std::shared_ptr<arrow::Array> images(const RecordingSink& sink) {
        arrow::ArrayVector parts;
        for (const change::ChangeBatch& batch : sink.batches) {
            parts.push_back(batch.rows->GetColumnByName("after_image"));
        }
        return arrow::Concatenate(parts).ValueOrDie();
    }

    /// Inserts rows by `select`, and reads them in the snapshot and in both forms of the stream.
    void expect_one_value(const std::string& select) {
        RecordingSink before;
        snapshot(before);
        run("INSERT INTO claims.typed " + select + " ORDER BY 1");
        ASSERT_THAT(copy_slot(*session, options.slot, "text_slot"), IsOk());
        RecordingSink binary;
        stream(options, binary);
        PostgresOptions as_text = options;
        as_text.slot = "text_slot";
        as_text.binary = false;
        RecordingSink text;
        stream(as_text, text);
        RecordingSink table;
        snapshot(table, PostgresSnapshot::Mode::snapshot_only);
        const auto expected = images(binary);
        const auto equal = arrow::EqualOptions::Defaults().nans_equal(true);
        EXPECT_TRUE(images(text)->Equals(expected, equal));
        EXPECT_TRUE(images(table)->Equals(expected, equal));
        const auto untyped = [](const RecordingSink& sink) {
            std::string all;
            for (const WrittenRow& row : written_rows(sink.batches)) {
                all += row.untyped + ";";
            }
            return all;
        };
        EXPECT_EQ(untyped(text), untyped(binary));
        EXPECT_EQ(untyped(table), untyped(binary));
        landed = written_rows(binary.batches);
    }

    std::vector<WrittenRow> landed;
};

TEST_F(TypesTest, RandomValuesAreTheSameOnAllThreeWays) {
    make_table();
    run("SELECT setseed(0.42)");
    expect_one_value(
        "SELECT i, random() < 0.5, (random() * 65535 - 32768)::int2, ((random() - 0.5) * 1.8e19)::"
        "int8, (random() - 0.5)::real * 10.0 ^ (random() * 60 - 30), (random() - 0.5) * 10.0 ^ "
        "(random() * 600 - 300), (random() * 1e10 - 5e9)::numeric(12,2), "
        "(random()::numeric - 0.5) * 1e20 * random()::numeric ^ 4, "
        "(random()::numeric - 0.5) * 10.0::numeric ^ (random() * 80 - 40)::int, "
        "(random()::numeric) * 1e40, md5(i::text) || 'é', 'v', 'ab', (ARRAY['open', 'paid'])[1 + i "
        "% 2]::claims.state, random()::numeric * 1e10, '{\"a\": 1}', jsonb_build_object('k', i, "
        "'b', 'é'), md5(i::text)::uuid, decode(md5(i::text), 'hex'), date '2000-01-01' + "
        "((random() - 0.5) * 1400000)::int, time '00:00' + random() * interval '1 day', "
        "timestamp '2000-01-01' + (random() - 0.5) * interval '3000 years', "
        "timestamptz '2000-01-01Z' + (random() - 0.5) * interval '3000 years' "
        "FROM generate_series(1, 2000) i");
    EXPECT_EQ(landed.size(), 2'000U);
}

TEST_F(TypesTest, TheEndsOfEachTypeAreKeptOrFlagged) {
    make_table();
    run("CREATE TEMP TABLE ends (LIKE claims.typed);"
        "INSERT INTO ends (id) VALUES (1);"
        "INSERT INTO ends VALUES (2, true, -32768, -9223372036854775808, '-Infinity', 'NaN', "
        "'NaN', "
        "-9999999999999999999999999999.9999999999, 'NaN', -0.05, '', '', '', 'paid', 'NaN', "
        "'null', "
        "'null', '00000000-0000-0000-0000-000000000000', '', '-infinity', '00:00', '-infinity', "
        "'-infinity');"
        "INSERT INTO ends VALUES (3, false, 32767, 9223372036854775807, '1e-45', '5e-324', "
        "9999999999.99, 0.0000000001, 'Infinity', 1e57, E'\\\\ \"', 'x', 'a', 'open', 0, '{}', "
        "'{}', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '\\x00ff', 'infinity', '24:00', 'infinity', "
        "'infinity');"
        "INSERT INTO ends VALUES (4, null, 0, 0, 0, 0, -0.01, 0, 1000.0000, 0.10, null, null, "
        "null, "
        "null, 1.5, null, null, null, null, '4713-01-01 BC', '23:59:59.999999', "
        "'294276-12-31 23:59:59.999999', '4713-01-01 00:00:00Z BC')");
    expect_one_value("SELECT * FROM ends");
    ASSERT_EQ(landed.size(), 4U);
    EXPECT_THAT(landed[0].text, HasSubstr("b[boolean]:null"));
    EXPECT_EQ(landed[0].untyped, "");
    EXPECT_THAT(landed[1].untyped, HasSubstr("NaN"));
    EXPECT_THAT(landed[1].text, HasSubstr("big[numeric]:-9999999999999999999999999999.9999999999"));
    EXPECT_THAT(landed[1].text, HasSubstr("free[numeric]:'NaN' wide[numeric]:'-0.05'"));
    EXPECT_THAT(landed[1].text, HasSubstr("c[character]:'      '"));
    EXPECT_THAT(landed[2].text, HasSubstr("free[numeric]:'Infinity'"));
    EXPECT_THAT(landed[2].text, HasSubstr("n[numeric]:9999999999.99"));
    EXPECT_THAT(landed[3].text, HasSubstr("free[numeric]:'1000.0000' wide[numeric]:'0.10'"));
    EXPECT_THAT(landed[3].untyped, HasSubstr("294276-12-31 23:59:59.999999"));
    EXPECT_THAT(landed[3].text,
                HasSubstr("tz[timestamp with time zone]:'4713-01-01 00:00:00 BC+00'"));
}

TEST_F(TypesTest, OtherTypesLandAsTheServersOutputFromSnapshotAndStream) {
    // A server may be built without XML.
    const std::string xml = session->query("SELECT xml '<a/>'") ? "xml" : "text";
    run("CREATE TYPE claims.pair AS (a int, b text);"
        "CREATE TABLE claims.typed (id int PRIMARY KEY, ip inet, tags text[], span int4range, "
        "wait interval, p claims.pair, x " +
        xml + ", z timetz)");
    expect_one_value(
        "VALUES (1, inet '10.0.0.1', ARRAY['a', 'b c'], int4range(1, 5), interval '1 day 2 hours', "
        "ROW(NULL, NULL)::claims.pair, '<a/>'::" +
        xml +
        ", timetz '10:00+02'), "
        "(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
    ASSERT_EQ(landed.size(), 2U);
    EXPECT_THAT(landed[0].text,
                HasSubstr("ip[inet]:'10.0.0.1' tags[text[]]:'{a,\"b c\"}' span[int4range]:'[1,5)' "
                          "wait[interval]:'1 day 02:00:00' p[claims.pair]:'(,)' x[" +
                          xml + "]:'<a/>'"));
    EXPECT_THAT(landed[1].text, HasSubstr("p[claims.pair]:null"));
}

TEST_F(TypesTest, ASnapshotInChunksHasEveryRowOnceUnderItsOwnOrdinal) {
    run("CREATE TABLE claims.many AS SELECT i AS id, repeat('x', 200) AS note FROM "
        "generate_series(1, 5000) i; ALTER TABLE claims.many ADD PRIMARY KEY (id)");
    RecordingSink sink;
    const auto begun = snapshot(sink);
    EXPECT_GT(begun->plan().chunks.size(), 10U);
    run("DELETE FROM claims.many");  // What is seen was fixed before.
    RecordingSink again;
    for (const auto& chunk : begun->plan().chunks) {
        ASSERT_THAT(begun->read_chunk(chunk, 0, again, {}), IsOk());
    }
    const auto rows = written_rows(sink.batches);
    ASSERT_EQ(rows.size(), 5'000U);
    EXPECT_EQ(written_rows(again.batches), rows);
    for (std::size_t index = 1; index < rows.size(); ++index) {
        EXPECT_LT(rows[index - 1].ordinal, rows[index].ordinal);
    }
}

}  // namespace
}  // namespace weir::capture::postgres

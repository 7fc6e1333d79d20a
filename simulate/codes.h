#pragma once

#include <cstdint>
#include <string_view>

/// Code lists and integer quantile tables of the generator. Public code sets only: HCPCS level II
/// and ICD-10-CM. Changing an entry changes every run.
namespace weir::simulate {

inline constexpr std::string_view first_names[] = {
    "Amara", "Björn", "Carmen", "Dmitri", "Elena",  "Farid",  "Grace", "Hiro",
    "Imani", "José",  "Keiko",  "Luis",   "Maeve",  "Nadia",  "Omar",  "Priya",
    "Quinn", "Rosa",  "Stefan", "Tomás",  "Ursula", "Vikram", "Wanda", "Ximena",
    "Yusuf", "Zoë",   "D'Arcy", "Aoife",  "Chloé",  "Łukasz", "Mei",   "Noor"};
inline constexpr std::string_view last_names[] = {
    "Sample",   "Testcase", "O'Mock",  "Placeholder", "Dummy-Jones", "Fictus",  "Nemo",
    "Exemplar", "Synthet",  "Madeup",  "Notreal",     "Imaginario",  "Phantom", "Ersatz",
    "Müster",   "Ficción",  "Pretend", "Invento",     "Fabel",       "Beispiel"};
inline constexpr std::string_view streets[] = {"Example St", "Testing Ave", "Mock Blvd",
                                               "Fixture Ln", "Sample Rd",   "Nowhere Way",
                                               "Void Ct",    "Stub Pkwy"};
struct City {
    std::string_view name;
    std::string_view state;
    std::int64_t zip;
};
inline constexpr City cities[] = {
    {"Springfield", "IL", 62701}, {"Worcester", "MA", 1602},      {"Boise", "ID", 83702},
    {"Española", "NM", 87532},    {"Tulsa", "OK", 74103},         {"Dayton", "OH", 45402},
    {"San José", "CA", 95113},    {"Coeur d'Alene", "ID", 83814}, {"Newark", "NJ", 7102},
    {"Savannah", "GA", 31401},    {"Duluth", "MN", 55802},        {"Mobile", "AL", 36602}};
// Some sources pad codes to a width and do not tell.
inline constexpr std::string_view specialties[] = {
    "family medicine", "cardiology  ",  "orthopedics", "radiology", "pediatrics", "oncology",
    "emergency",       "dermatology  ", "psychiatry",  "surgery",   "",           "laboratory"};
inline constexpr std::string_view practices[] = {"Clinic",   "Associates",     "Health Group",
                                                 "Hospital", "Medical Center", "Laboratories"};
inline constexpr std::string_view lines_of_business[] = {"commercial", "medicare", "medicaid"};
inline constexpr std::string_view metals[] = {"bronze", "silver", "gold", "platinum"};
inline constexpr std::string_view procedures[] = {
    "G0438", "G0439", "J1100", "J1885", "A0425", "A0429", "E0143", "G0008", "G0121",
    "J3420", "Q0091", "G0103", "J0696", "L1820", "A4253", "E0601", "T1015", "S9083",
    "G0463", "G0378", "P9603", "V2020", "G0444", "H0031", "K0001", "C1713"};
inline constexpr std::string_view diagnoses[] = {
    "I10",   "E11.9",    "E78.5",   "J06.9",  "M54.50", "Z00.00",  "F41.1",  "K21.9",
    "N39.0", "R07.9",    "J45.909", "E66.9",  "M17.11", "I25.10",  "N18.30", "C50.911",
    "O80",   "S93.401A", "Z23",     "H25.13", "L40.0",  "G43.909", "B34.9",  "D64.9"};
inline constexpr std::string_view document_sources[] = {"fax", "portal", "x12", "mail"};
inline constexpr std::string_view remarks[] = {
    "see page 2", "marked \"urgent\"", "path C:\\scan\\in", "pages 1|2 swapped", "señal débil", ""};
inline constexpr std::string_view note_words[] = {
    "called",  "provider", "about",   "records", "member",   "asked",  "for",    "review",
    "pending", "document", "missing", "code",    "mismatch", "resent", "manual", "price",
    "checked", "policy",   "allowed", "amount",  "letter",   "sent",   "no",     "reply"};

// Cents of a billed line, at quantiles 0, 1/16, ... 1.
inline constexpr std::int64_t billed_cents[] = {500,   1200,  2000,   2850,   4000,   5500,
                                                7500,  9900,  12500,  16000,  21000,  29000,
                                                42000, 68000, 125000, 310000, 1800000};
// Days from service to receipt and from receipt to payment.
inline constexpr std::int64_t receipt_days[] = {1, 2, 3, 4, 6, 8, 11, 16, 27, 55};
inline constexpr std::int64_t payment_days[] = {2, 5, 8, 11, 13, 15, 19, 24, 31, 58};
// Lines of a claim received while the simulator runs.
inline constexpr std::int64_t line_counts[] = {1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 6, 9, 45};

}  // namespace weir::simulate

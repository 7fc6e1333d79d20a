#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "store/aws/s3_write.h"
#include "store/played_server.h"

namespace weir::store::aws {

/// What goes wrong with one request.
struct ScriptedFault {
    enum class Kind {
        refused,      // It is not done; the answer is an error.
        lost,         // It is done, and the connection breaks before the answer's body.
        cut,          // It is done, and the connection breaks in the middle of the answer's body.
        bad_checksum  // It is done; the answer's checksum is of other bytes.
    };
    Kind kind = Kind::refused;
    int status = 503;
    std::string code = "SlowDown";
    httplib::Headers headers = {};
    std::string method = {};  // Empty: the next request, whatever it is.
};

/// A small S3 for tests, in memory, that breaks requests as it is told. It checks no signature.
class ScriptedS3 {
public:
    ScriptedS3() {
        const auto handler = [this](const auto& request, auto& response) {
            answer(request, response);
        };
        server_.routes().Get(".*", handler).Put(".*", handler);
        server_.routes().Post(".*", handler).Delete(".*", handler);
        server_.start();
    }

    std::string endpoint() const { return server_.url(); }
    /// Lets every writer win, as a server does that does not know conditional writes.
    void forget_conditions() { forgotten_ = 1'000'000; }
    /// Lets one writer win that should lose.
    void forget_next_condition() { forgotten_ = 1; }
    /// Lets every writer of an object in parts win.
    void forget_conditions_of_parts() { honours_parts_ = false; }

    void add_fault(ScriptedFault fault) {
        const std::lock_guard lock(mutex_);
        faults_.push_back(std::move(fault));
    }
    /// Writes an object as another process does, behind the back of whoever is tested.
    void put_behind(const std::string& key, const std::string& bytes) {
        const std::lock_guard lock(mutex_);
        put_by_another(key, bytes);
    }
    /// Does so after the next write and before its answer.
    void put_after_next_write(const std::string& key, const std::string& bytes) {
        const std::lock_guard lock(mutex_);
        after_write_ = [this, key, bytes] { put_by_another(key, bytes); };
    }
    void set_page_keys(std::size_t count) {
        const std::lock_guard lock(mutex_);
        page_keys_ = count;
    }
    void set_upload_begun(const std::string& time) {
        const std::lock_guard lock(mutex_);
        upload_begun_ = time;
    }

    /// Returns "METHOD path" of every request so far.
    std::vector<std::string> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }
    /// Returns a header of the last request; empty if there was none.
    std::string last_header(const std::string& name) const {
        const std::lock_guard lock(mutex_);
        const auto found = last_headers_.find(name);
        return found == last_headers_.end() ? "" : found->second;
    }
    std::size_t open_uploads() const {
        const std::lock_guard lock(mutex_);
        return uploads_.size();
    }

private:
    using Request = httplib::Request;
    using Response = httplib::Response;

    struct Object {
        std::string bytes;
        std::string write_name;
        std::string checksum;
    };
    struct Upload {
        std::string key;
        std::string write_name;
        std::map<int, std::string> parts;
    };

    static std::string etag_of(const Object& object) {
        return '"' + to_hex(sha256(object.bytes)) + '"';
    }
    static void fail_with(Response& response, int status, const std::string& code) {
        response.status = status;
        response.set_content("<Error><Code>" + code + "</Code></Error>", "application/xml");
    }
    /// Sends the headers and `sent`, and then nothing, though more was promised.
    static void cut(Response& response, const std::string& sent) {
        response.body.clear();
        response.set_content_provider(sent.size() + 10, "application/octet-stream",
                                      [sent](std::size_t offset, std::size_t, auto& sink) {
                                          if (offset < sent.size()) {
                                              sink.write(sent.data(), sent.size());
                                              return true;
                                          }
                                          return false;
                                      });
    }

    void put_by_another(const std::string& key, const std::string& bytes) {
        objects_[key] = {.bytes = bytes, .write_name = "another", .checksum = {}};
    }

    std::optional<ScriptedFault> fault_of(const Request& request) {
        const auto fits = [&](const ScriptedFault& fault) {
            return fault.method.empty() || fault.method == request.method;
        };
        const auto found = std::ranges::find_if(faults_, fits);
        if (found == faults_.end()) {
            return std::nullopt;
        }
        ScriptedFault fault = *found;
        faults_.erase(found);
        return fault;
    }

    void answer(const Request& request, Response& response) {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request.method + " " + request.target);
        last_headers_ = request.headers;
        const auto fault = fault_of(request);
        if (fault && fault->kind == ScriptedFault::Kind::refused) {
            fail_with(response, fault->status, fault->code);
            response.headers.insert(fault->headers.begin(), fault->headers.end());
            return;
        }
        serve(request, response);
        if (after_write_ && request.method != "GET" && request.method != "HEAD") {
            std::exchange(after_write_, nullptr)();
        }
        if (fault) {
            break_answer(fault->kind, response);
        }
    }
    static void break_answer(ScriptedFault::Kind kind, Response& response) {
        if (kind == ScriptedFault::Kind::bad_checksum) {
            response.headers.erase("x-amz-checksum-sha256");
            response.set_header("x-amz-checksum-sha256", checksum_of({}));
        } else {
            cut(response, kind == ScriptedFault::Kind::cut
                              ? response.body.substr(0, response.body.size() / 2)
                              : "");
        }
    }

    void serve(const Request& request, Response& response) {
        const std::size_t slash = request.path.find('/', 1);
        const std::string key = slash == std::string::npos ? "" : request.path.substr(slash + 1);
        if (key.empty()) {
            request.has_param("uploads") ? list_uploads(response) : list(request, response);
        } else if (request.method == "PUT") {
            put(key, request, response);
        } else if (request.method == "POST") {
            post(key, request, response);
        } else if (request.method == "DELETE") {
            request.has_param("uploadId")
                ? static_cast<void>(uploads_.erase(request.get_param_value("uploadId")))
                : static_cast<void>(objects_.erase(key));
            response.status = 204;
        } else {
            get(key, response);
        }
    }

    void get(const std::string& key, Response& response) const {
        const auto found = objects_.find(key);
        if (found == objects_.end()) {
            fail_with(response, 404, "NoSuchKey");
            return;
        }
        response.set_header("ETag", etag_of(found->second));
        response.set_header("x-amz-meta-weir-write", found->second.write_name);
        response.set_header("x-amz-checksum-sha256", found->second.checksum);
        response.set_content(found->second.bytes, "application/octet-stream");
    }

    bool condition_holds(const std::string& key, const Request& request) const {
        const auto found = objects_.find(key);
        if (request.has_header("If-None-Match")) {
            return found == objects_.end();
        }
        return !request.has_header("If-Match") ||
               (found != objects_.end() &&
                etag_of(found->second) == request.get_header_value("If-Match"));
    }

    void store(const std::string& key, Object object, const Request& request, Response& response) {
        const bool honours = request.method == "PUT" || honours_parts_;
        if (honours && !condition_holds(key, request) && forgotten_-- <= 0) {
            fail_with(response, 412, "PreconditionFailed");
            return;
        }
        response.set_header("ETag", etag_of(object));
        objects_[key] = std::move(object);
    }

    void put(const std::string& key, const Request& request, Response& response) {
        if (request.has_param("uploadId")) {
            const auto upload = uploads_.find(request.get_param_value("uploadId"));
            upload->second.parts[std::stoi(request.get_param_value("partNumber"))] = request.body;
            response.set_header("ETag", "\"part\"");
            return;
        }
        store(key,
              {.bytes = request.body,
               .write_name = request.get_header_value("x-amz-meta-weir-write"),
               .checksum = request.get_header_value("x-amz-checksum-sha256")},
              request, response);
    }

    void post(const std::string& key, const Request& request, Response& response) {
        if (request.has_param("uploads")) {
            const std::string id = "upload-" + std::to_string(++upload_count_);
            uploads_[id] = {.key = key,
                            .write_name = request.get_header_value("x-amz-meta-weir-write"),
                            .parts = {}};
            response.set_content("<InitiateMultipartUploadResult><UploadId>" + id +
                                     "</UploadId></InitiateMultipartUploadResult>",
                                 "application/xml");
            return;
        }
        const auto upload = uploads_.find(request.get_param_value("uploadId"));
        if (upload == uploads_.end()) {
            fail_with(response, 404, "NoSuchUpload");
            return;
        }
        Object object{.bytes = {}, .write_name = upload->second.write_name, .checksum = {}};
        for (const auto& [number, bytes] : upload->second.parts) {
            object.bytes += bytes;
        }
        store(key, std::move(object), request, response);
        if (response.status != 412) {
            uploads_.erase(upload);
        }
    }

    void list(const Request& request, Response& response) const {
        const std::string prefix = request.get_param_value("prefix");
        const std::string after = request.get_param_value("continuation-token");
        std::string text = "<ListBucketResult>";
        std::size_t count = 0;
        for (auto object = objects_.upper_bound(after); object != objects_.end(); ++object) {
            if (!object->first.starts_with(prefix)) {
                continue;
            }
            text += "<Contents><Key>" + object->first +
                    "</Key><LastModified>2026-01-31T12:00:00.000Z</LastModified><Size>" +
                    std::to_string(object->second.bytes.size()) + "</Size></Contents>";
            if (++count == page_keys_) {
                text += "<IsTruncated>true</IsTruncated><NextContinuationToken>" + object->first +
                        "</NextContinuationToken>";
                break;
            }
        }
        response.set_content(text + "</ListBucketResult>", "application/xml");
    }

    void list_uploads(Response& response) const {
        std::string text = "<ListMultipartUploadsResult>";
        for (const auto& [id, upload] : uploads_) {
            text += "<Upload><Key>" + upload.key + "</Key><UploadId>" + id +
                    "</UploadId><Initiated>" + upload_begun_ + "</Initiated></Upload>";
        }
        response.set_content(text + "</ListMultipartUploadsResult>", "application/xml");
    }

    std::atomic<int> forgotten_ = 0;  // So many conditions that do not hold are passed over.
    std::atomic<bool> honours_parts_ = true;
    mutable std::mutex mutex_;  // Guards what follows.
    std::deque<ScriptedFault> faults_;
    std::map<std::string, Object> objects_;
    std::map<std::string, Upload> uploads_;
    int upload_count_ = 0;
    std::function<void()> after_write_;
    std::vector<std::string> requests_;
    httplib::Headers last_headers_;
    std::size_t page_keys_ = 1'000;
    std::string upload_begun_ = "2026-01-01T00:00:00.000Z";
    PlayedServer server_;  // Goes first: what it answers with is above.
};

}  // namespace weir::store::aws

#include "daemon/serve/api/openapi.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "daemon/base/version.h"

namespace fleetmeter {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::ordered_json;

constexpr int kDeepest = 4;  // of fields of messages in messages that a URL is described with

// "GetPlanResponse", "Supply.Row".
std::string SchemaName(const Descriptor& type) {
  return type.full_name().substr(type.file()->package().size() + 1);
}

ordered_json Reference(const Descriptor& type) {
  return {{"$ref", "#/components/schemas/" + SchemaName(type)}};
}

ordered_json ScalarSchema(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return {{"type", "number"}, {"format", "double"}};
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", "string"}, {"format", "int64"}, {"pattern", "^-?[0-9]+$"}};
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"}};
    default:
      return {{"type", "string"}};
  }
}

bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

ordered_json ValueSchema(const FieldDescriptor& field) {
  return IsMessage(field) ? Reference(*field.message_type()) : ScalarSchema(field);
}

ordered_json FieldSchema(const FieldDescriptor& field) {
  if (field.is_map()) {
    return {{"type", "object"},
            {"additionalProperties", ValueSchema(*field.message_type()->map_value())}};
  }
  if (field.is_repeated()) return {{"type", "array"}, {"items", ValueSchema(field)}};
  return ValueSchema(field);
}

// The schemas of a message and of all that are in it. A field that is always written is required of
// an answer, and of no question.
void AddSchema(const Descriptor& type, bool answer, std::map<std::string, ordered_json>* schemas) {
  const auto [place, is_new] = schemas->try_emplace(SchemaName(type));
  if (!is_new) return;
  ordered_json properties = ordered_json::object();
  ordered_json required = ordered_json::array();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    properties[field.json_name()] = FieldSchema(field);
    if (answer && !field.has_presence()) required.push_back(field.json_name());
  }
  ordered_json schema = {{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  place->second = std::move(schema);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->is_map()) field = field->message_type()->map_value();
    if (IsMessage(*field)) AddSchema(*field->message_type(), answer, schemas);
  }
}

// What of a question a URL can say.
void AddParameters(const Descriptor& type, const std::string& prefix, int depth,
                   ordered_json* parameters) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string name = prefix + field.name();
    if (field.is_map() || (IsMessage(field) && field.is_repeated())) continue;
    if (IsMessage(field)) {
      if (depth < kDeepest) AddParameters(*field.message_type(), name + ".", depth + 1, parameters);
      continue;
    }
    ordered_json schema = ScalarSchema(field);
    if (field.is_repeated()) schema = {{"type", "array"}, {"items", std::move(schema)}};
    parameters->push_back({{"name", name}, {"in", "query"}, {"schema", std::move(schema)}});
  }
}

ordered_json Responses(const ApiCall& call) {
  const bool stream = call.kind == ApiCall::Kind::kStream;
  ordered_json answer;
  if (stream) {
    answer = {{"description", fmt::format("Server-Sent Events. The data of each is a {} in JSON; "
                                          "an event \"error\" is an Error, and the last.",
                                          SchemaName(*call.response))},
              {"content", {{"text/event-stream", {{"schema", {{"type", "string"}}}}}}}};
  } else {
    answer = {{"description", "The answer. What is not known is absent."},
              {"content", {{"application/json", {{"schema", Reference(*call.response)}}}}}};
  }
  return {{"200", std::move(answer)},
          {"default",
           {{"description", "Why there is no answer."},
            {"content",
             {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}}}};
}

// "Query" of "fleetmeter.v1.Query.ListPools".
std::string ServiceOf(const ApiCall& call) {
  const std::string_view service = call.rpc.substr(0, call.rpc.rfind('.'));
  return std::string(service.substr(service.rfind('.') + 1));
}

ordered_json Operation(const ApiCall& call, std::string_view method) {
  std::string id(call.path);
  for (char& letter : id) {
    if (letter == '/' || letter == '-') letter = '_';
  }
  return {
      {"operationId", fmt::format("{}_{}", method, id)},
      {"summary", call.summary},
      {"description", fmt::format("The call {}. It needs the role {}.", call.rpc, Name(call.role))},
      {"tags", ordered_json::array({ServiceOf(call)})}};
}

ordered_json PathItem(const ApiCall& call) {
  ordered_json get = Operation(call, "get");
  ordered_json parameters = ordered_json::array();
  AddParameters(*call.request, "", 0, &parameters);
  if (!parameters.empty()) get["parameters"] = std::move(parameters);
  get["responses"] = Responses(call);
  ordered_json item = {{"get", std::move(get)}};
  if (call.kind == ApiCall::Kind::kStream || call.request->field_count() == 0) return item;
  ordered_json post = Operation(call, "post");
  post["requestBody"] = {
      {"required", true},
      {"content", {{"application/json", {{"schema", Reference(*call.request)}}}}}};
  post["responses"] = Responses(call);
  item["post"] = std::move(post);
  return item;
}

ordered_json ErrorSchema() {
  return {{"type", "object"},
          {"properties",
           {{"code", {{"type", "string"}, {"description", "A code of gRPC, by its name."}}},
            {"message", {{"type", "string"}}}}},
          {"required", {"code", "message"}}};
}

ordered_json Components(const std::vector<ApiCall>& calls) {
  std::map<std::string, ordered_json> schemas;
  for (const ApiCall& call : calls) AddSchema(*call.response, true, &schemas);
  for (const ApiCall& call : calls) AddSchema(*call.request, false, &schemas);
  schemas.emplace("Error", ErrorSchema());
  ordered_json components;
  components["schemas"] = schemas;
  components["securitySchemes"] = {{"certificate", {{"type", "mutualTLS"}}},
                                   {"token", {{"type", "http"}, {"scheme", "bearer"}}}};
  return components;
}

}  // namespace

std::string OpenApiDocument(const std::vector<ApiCall>& calls) {
  ordered_json document = {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "Fleetmeter"},
        {"version", std::string(kVersion)},
        {"description",
         "Questions to the daemon, as JSON over HTTP. The comments of the protocol "
         "(proto/fleetmeter/v1) say what each field means. A field that is not required is absent "
         "where it is not known."}}},
      {"security", ordered_json::array({{{"certificate", ordered_json::array()}},
                                        {{"token", ordered_json::array()}},
                                        ordered_json::object()})}};
  ordered_json paths = ordered_json::object();
  for (const ApiCall& call : calls) {
    paths[std::string(kApiPrefix) + std::string(call.path)] = PathItem(call);
  }
  document["paths"] = std::move(paths);
  document["components"] = Components(calls);
  return document.dump(1) + "\n";
}

}  // namespace fleetmeter

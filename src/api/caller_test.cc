#include "api/caller.h"

#include <gtest/gtest.h>

#include "http/server/testing/request.h"

namespace entrepot::api {
namespace {

using http::server::testing::make_request;

bool is_forwarded(std::string_view header) {
  return caller_of(make_request("GET", "/v2/", {{std::string(header), "1"}})).forwarded;
}

TEST(Caller, WhatAnyUsualProxyAddsTellsOfIt) {
  for (const std::string_view header : {"Forwarded",
                                        "Via",
                                        "X-Forwarded-For",
                                        "X-Forwarded-Proto",
                                        "X-Forwarded-Host",
                                        "X-Forwarded-Anything",
                                        "x-forwarded-for",
                                        "X-Real-IP",
                                        "X-Real-Ip",
                                        "X-Client-IP",
                                        "X-Cluster-Client-IP",
                                        "True-Client-IP",
                                        "CF-Connecting-IP",
                                        "CF-RAY",
                                        "cf-ipcountry",
                                        "CDN-Loop",
                                        "X-Original-Host",
                                        "X-Original-URI",
                                        "X-Envoy-External-Address",
                                        "Fly-Client-IP",
                                        "Fastly-Client-IP",
                                        "X-Appengine-User-IP",
                                        "X-Amzn-Trace-Id",
                                        "X-Amz-Cf-Id",
                                        "X-Azure-FDID",
                                        "X-ARR-LOG-ID",
                                        "X-Scheme",
                                        "Front-End-Https",
                                        "WL-Proxy-Client-IP",
                                        "X-ProxyUser-Ip"}) {
    EXPECT_TRUE(is_forwarded(header)) << header;
  }
}

TEST(Caller, WhatClientsSendDoesNot) {
  for (const std::string_view header : {"Accept",
                                        "Accept-Encoding",
                                        "Authorization",
                                        "Connection",
                                        "Content-Type",
                                        "Content-Range",
                                        "Content-Length",
                                        "Cookie",
                                        "Cache-Control",
                                        "Docker-Content-Digest",
                                        "Date",
                                        "From",
                                        "If-None-Match",
                                        "Range",
                                        "Referer",
                                        "TE",
                                        "Traceparent",
                                        "Tracestate",
                                        "Trailer",
                                        "User-Agent",
                                        "Upgrade",
                                        "Warning",
                                        "X-Request-Id",
                                        "X-Meta-Source-Type",
                                        "X-Meta-Source-Client",
                                        "X-Correlation-Id",
                                        "X-B3-TraceId",
                                        "X-Registry-Auth",
                                        "Vial",
                                        "X-Real-IPs",
                                        "Forwarded2",
                                        "Sec-Fetch-Site",
                                        "Priority",
                                        "Pragma",
                                        "Dnt"}) {
    EXPECT_FALSE(is_forwarded(header)) << header;
  }
}

TEST(Caller, HostOriginAndCredentialsAreAsSent) {
  const auto request =
      make_request("GET", "/v2/",
                   {{"Origin", "http://a"}, {"Authorization", "Basic eA=="}, {"User-Agent", "x"}});
  const auto caller = caller_of(request);
  EXPECT_EQ(caller.origin, "http://a");
  EXPECT_TRUE(caller.host.has_value());
  EXPECT_FALSE(caller.forwarded);
  EXPECT_EQ(caller.authorization, "Basic eA==");
}

}  // namespace
}  // namespace entrepot::api

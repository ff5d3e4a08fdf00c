#include "daemon/base/did_you_mean.h"

#include "gmock/gmock.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(EditDistance, CountsChangesAdditionsDropsAndSwaps) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("pools", "pools"), 0u);
  EXPECT_EQ(EditDistance("pool", "pools"), 1u);
  EXPECT_EQ(EditDistance("poolss", "pools"), 1u);
  EXPECT_EQ(EditDistance("pouls", "pools"), 1u);
  EXPECT_EQ(EditDistance("polos", "pools"), 1u);
  EXPECT_EQ(EditDistance("--outptu", "--output"), 1u);
  EXPECT_EQ(EditDistance("", "pools"), 5u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
}

TEST(DidYouMean, NamesTheNearest) {
  EXPECT_EQ(DidYouMean("pool", {"plan", "pools", "top"}), "pools");
  EXPECT_EQ(DidYouMean("--timeot", {"--to", "--timeout"}), "--timeout");
  EXPECT_EQ(DidYouMean("tpo", {"plan", "top"}), "top");
}

TEST(DidYouMean, NamesNothingThatIsFar) {
  EXPECT_EQ(DidYouMean("nonsense", {"plan", "pools", "top"}), std::nullopt);
  EXPECT_EQ(DidYouMean("x", {"top", "plan"}), std::nullopt);
  EXPECT_EQ(DidYouMean("2", {"1"}), std::nullopt) << "it was meant as it is";
  EXPECT_EQ(DidYouMean("pools", {}), std::nullopt);
  EXPECT_EQ(DidYouMean("", {"top"}), std::nullopt);
}

TEST(DidYouMeanText, SaysNothingWhereNothingIsNear) {
  const std::vector<std::string> known = {"text", "json"};
  EXPECT_EQ(DidYouMeanText("jsno", known), " (did you mean json?)");
  EXPECT_EQ(DidYouMeanText("yaml", known), "");
  EXPECT_EQ(DidYouMeanText("jsno", {}), "");
}

TEST(NamesHint, NamesTheNearestOrSomeOfThem) {
  const std::vector<std::string> pools = {"serving", "batch", "evals"};
  EXPECT_EQ(NamesHint("servng", pools, 2), "; the nearest is 'serving'");
  EXPECT_EQ(NamesHint("quantum", {"serving"}, 9), "; expected one of: serving");
  EXPECT_THAT(NamesHint("quantum", pools, 2), testing::EndsWith(", ..."));
  EXPECT_EQ(NamesHint("x", {}, 2), "");
}

TEST(NamesHint, ComparesNoMoreThanAMessageIsWorth) {
  EXPECT_EQ(NamesHint(std::string(100'000, 'x'), {"a", "b"}, 1), "; expected one of: a, ...");
}

TEST(NearestNames, ListsTheNearestFirst) {
  const std::vector<std::string> pools = {"training", "serving-web", "evals", "serving-api"};
  EXPECT_THAT(NearestNames("serving-apo", pools, 2), ElementsAre("serving-api", "serving-web"));
  EXPECT_THAT(NearestNames("web", pools, 1), ElementsAre("serving-web"));
  EXPECT_THAT(NearestNames("evals-2", pools, 1), ElementsAre("evals"));
  EXPECT_THAT(NearestNames("trainnig", pools, 9), SizeIs(4));
  EXPECT_THAT(NearestNames("x", {}, 3), IsEmpty());
}

TEST(NearestNames, ComparesNoMoreThanAMessageIsWorth) {
  std::vector<std::string> many(100'000, "pool-of-somebody-else");
  many.push_back("wanted");
  EXPECT_THAT(NearestNames("wanted", many, 1), ElementsAre("pool-of-somebody-else"));
  EXPECT_THAT(NearestNames(std::string(100'000, 'x'), many, 2), SizeIs(2));
}

}  // namespace
}  // namespace fleetmeter

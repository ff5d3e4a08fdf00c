// A plugin of clang-tidy: its checks walk our own declarations only, not those of system headers,
// which are nine tenths of a source and of which nothing is reported anyway. What names refer to,
// types and macros are still seen whole. See analyse.sh.
#include <clang/AST/ASTConsumer.h>
#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/FrontendAction.h>
#include <clang/Frontend/FrontendPluginRegistry.h>

#include <memory>
#include <string>
#include <vector>

namespace {

// Notes what is declared at the top level; before the checks run it says what they are to walk.
class OwnCodeOnly : public clang::ASTConsumer {
 public:
  bool HandleTopLevelDecl(clang::DeclGroupRef group) override {
    for (clang::Decl* decl : group) {
      own_.push_back(decl);
    }
    return true;
  }
  void HandleTranslationUnit(clang::ASTContext& context) override {
    const clang::SourceManager& sources = context.getSourceManager();
    std::vector<clang::Decl*> kept;
    for (clang::Decl* decl : own_) {
      if (!sources.isInSystemHeader(sources.getExpansionLoc(decl->getLocation()))) {
        kept.push_back(decl);
      }
    }
    context.setTraversalScope(kept);
  }

 private:
  std::vector<clang::Decl*> own_;
};

// Has clang-tidy do the above by itself, before its own work.
class Action : public clang::PluginASTAction {
 protected:
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance&,
                                                        llvm::StringRef) override {
    return std::make_unique<OwnCodeOnly>();
  }
  bool ParseArgs(const clang::CompilerInstance&, const std::vector<std::string>&) override {
    return true;
  }
  ActionType getActionType() override { return AddBeforeMainAction; }
};

clang::FrontendPluginRegistry::Add<Action> registered("own-code-only",
                                                      "looks at our own code only");

}  // namespace

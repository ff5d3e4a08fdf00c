// Which connections are open, and which of them goes when there is no room for another one.
//
// The serving thread's own.
#pragma once

#include <cstddef>
#include <list>

namespace fleetmeter {

class HttpConnection {
 public:
  virtual ~HttpConnection() = default;
  // What is pending ends with an error, and with it the connection.
  virtual void Close() = 0;
};

class ConnectionBook {
 public:
  // The place of a connection in the book, for as long as it lives.
  class Place {
   public:
    Place(ConnectionBook& book, HttpConnection* connection)
        : book_(book), list_(&book.waiting_), at_(list_->insert(list_->end(), connection)) {}
    ~Place() { list_->erase(at_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // It waits for a request from now on; or it has one, and is not done with the answer.
    void Waits() { MoveTo(book_.waiting_); }
    void IsAnswered() { MoveTo(book_.answered_); }

   private:
    void MoveTo(std::list<HttpConnection*>& list) {
      list.splice(list.end(), *list_, at_);
      list_ = &list;
    }

    ConnectionBook& book_;
    std::list<HttpConnection*>* list_;
    std::list<HttpConnection*>::iterator at_;
  };

  size_t size() const { return waiting_.size() + answered_.size(); }

  // Closes the one that has waited longest for a request, or else has been at its answer for
  // longest. There must be one.
  void CloseOldest() {
    // One that is closed leaves its list a little later, when its handler is told.
    std::list<HttpConnection*>& list = waiting_.empty() ? answered_ : waiting_;
    HttpConnection* oldest = list.front();
    list.splice(list.end(), list, list.begin());
    oldest->Close();
  }

 private:
  // Those that have been at it for longest are at the front.
  std::list<HttpConnection*> waiting_;
  std::list<HttpConnection*> answered_;
};

}  // namespace fleetmeter

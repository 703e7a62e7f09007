"""The asynchronous client. The one without `async` is made from these files by `make docs`."""

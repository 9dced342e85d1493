"""Admin pages of accounts, registered in the module where Django looks for them."""

import mlsite.accounts.admin  # noqa: F401 - the import registers them

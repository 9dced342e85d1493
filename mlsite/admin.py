"""Registration of the admin pages of accounts, in the module where Django looks for them."""

import mlsite.accounts.admin  # noqa: F401 - the import registers them

// Unlike Django REST framework's script, this script does not remember the tab of the last page: each
// page begins with its form.
prettyPrint();

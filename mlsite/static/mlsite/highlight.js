// Each page begins with its form: unlike Django REST framework's own script, this one remembers no
// tab from the page before.
prettyPrint();

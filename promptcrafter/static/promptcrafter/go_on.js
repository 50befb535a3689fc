"use strict";
// The next step is asked for at once; without scripts the button does it.
document.getElementById("go-on").submit();

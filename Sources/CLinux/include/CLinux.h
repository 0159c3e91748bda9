#pragma once
// What Glibc's Swift module leaves out.
